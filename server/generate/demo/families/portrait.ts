/** A head in flat cut shapes, half in the light, with closed eyes and leaves around it. */
import { darken, lighten, mix } from '../colour.ts';
import { disc, fillAll, isNight, linear, type Painting, type Scene, withShadow } from '../scene.ts';
import { beard, type Cut, face, features, hairBehind, hairInFront, jewellery, type Sitter, shoulders } from './head.ts';

const skins = ['#f0c9a6', '#dca27a', '#b87850', '#8a5438', '#5d3a2b', '#e6b591'] as const;

export function* portrait(scene: Scene): Painting {
  const { ctx, width, height, palette, layout } = scene;
  const sitter = planSitter(scene);
  const { middle, size } = sitter;
  const wall = isNight(palette) ? [palette.sky[0], palette.tones[3]] : [palette.sky[1], palette.sky[2]];
  const round = size * layout.between(1.75, 2.05);

  fillAll(scene, linear(ctx, [0, 0], [width * 0.3, height], wall));
  ctx.fillStyle = linear(
    ctx,
    [0, middle[1] - round],
    [0, middle[1] + round],
    [lighten(sitter.halo, 0.16), sitter.halo],
  );
  disc(ctx, [middle[0], middle[1] - size * 0.1], round);
  leaves(scene, sitter, 'behind');
  yield 'shown';

  withShadow(scene, 26, 'rgba(14, 10, 24, 0.35)', () => hairBehind(scene, sitter));
  yield 'breath';
  shoulders(scene, sitter);
  face(scene, sitter);
  if (sitter.cut === 'beard') beard(scene, sitter);
  hairInFront(scene, sitter);
  yield 'shown';

  features(scene, sitter);
  jewellery(scene, sitter);
  leaves(scene, sitter, 'in front');
}

function planSitter({ width, height, palette, layout, detail, mentions }: Scene): Sitter {
  const cuts: readonly Cut[] = mentions('man boy king father grandfather brother son husband sailor bearded beard')
    ? ['short', 'beard']
    : mentions('woman girl queen mother grandmother lady sister daughter wife')
      ? ['long', 'bob', 'bun']
      : ['long', 'bob', 'bun', 'short'];
  const [dress, halo] = detail.shuffle(palette.accents.slice(0, 3));
  return {
    middle: [width * layout.between(0.44, 0.56), height * layout.between(0.4, 0.44)],
    // A little larger where there is more room, in whichever direction.
    size: layout.between(185, 225) * Math.min(1.3, ((width * height) / 1e6) ** 0.4),
    skin: layout.pick(skins),
    hair: layout.pick([
      palette.tones[4],
      darken(palette.tones[4], 0.4),
      mix(palette.tones[3], '#5a2d1a', 0.7),
      mix(palette.accents[1], '#8a4a20', 0.5),
    ]),
    dress: dress ?? palette.accents[0],
    halo: halo ?? palette.accents[1],
    cut: layout.pick(cuts),
    side: layout.chance(0.5) ? 1 : -1,
  };
}

/** Cut-out fronds: behind the head from both sides, in front from the lower corners. */
function leaves(scene: Scene, { middle, size }: Sitter, where: 'behind' | 'in front'): void {
  const { ctx, width, height, palette, layout, detail, density } = scene;
  const count = Math.round((where === 'behind' ? 8 : 5) * density);
  for (let index = 0; index < count; index += 1) {
    const side = index % 2 === 0 ? -1 : 1;
    const colour = detail.pick([palette.tones[2], palette.tones[3], palette.accents[2], palette.tones[1]]);
    ctx.save();
    if (where === 'behind')
      ctx.translate(middle[0] + side * size * layout.between(0.75, 1.45), middle[1] + size * layout.between(1.35, 2.3));
    else
      ctx.translate(
        width * (side < 0 ? layout.between(-0.02, 0.16) : layout.between(0.84, 1.02)),
        height + layout.between(0, 30),
      );
    ctx.rotate(side * layout.between(0.02, 0.85) * (where === 'behind' ? 1 : -0.35));
    frond(scene, layout.between(260, 440), colour, detail.integer(6, 9));
    ctx.restore();
  }
}

function frond({ ctx }: Scene, tall: number, colour: string, pairs: number): void {
  ctx.fillStyle = colour;
  ctx.strokeStyle = colour;
  ctx.lineWidth = 4;
  ctx.beginPath();
  ctx.moveTo(0, tall * 0.3);
  ctx.lineTo(0, -tall * 0.94);
  ctx.stroke();
  for (let pair = 1; pair <= pairs; pair += 1) {
    const place = pair / pairs;
    const size = tall * 0.24 * Math.sin(Math.PI * (0.25 + 0.7 * place)) ** 0.8;
    for (const side of [-1, 1]) {
      ctx.beginPath();
      ctx.ellipse(
        side * size * 0.62,
        -tall * (0.12 + 0.8 * place) - size * 0.3,
        size * 0.7,
        size * 0.22,
        side * -0.5,
        0,
        Math.PI * 2,
      );
      ctx.fill();
    }
  }
  ctx.beginPath();
  ctx.ellipse(0, -tall, tall * 0.035, tall * 0.09, 0, 0, Math.PI * 2);
  ctx.fill();
}
