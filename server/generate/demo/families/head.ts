/** A sitter's head and shoulders, in flat cut shapes. */
import { darken, lighten, mix, veil } from '../colour.ts';
import { at } from '../random.ts';
import { curve, disc, linear, type Point, type Scene, within, withShadow } from '../scene.ts';

export type Cut = 'long' | 'bob' | 'bun' | 'short' | 'beard';

export interface Sitter {
  readonly middle: Point;
  /** Half the face's height, in units; everything else follows from it. */
  readonly size: number;
  readonly skin: string;
  readonly hair: string;
  readonly dress: string;
  readonly halo: string;
  readonly cut: Cut;
  /** Which side is in the light. */
  readonly side: 1 | -1;
}

/** From `x y, x y, …`; mirrored where `side` is -1. */
function points(text: string, side: 1 | -1 = 1): Point[] {
  return text.split(', ').map((pair) => {
    const [x = 0, y = 0] = pair.split(' ').map(Number);
    return [x * side, y];
  });
}

/** In the sitter's own measure: the face's middle is the origin, half its height is 100. */
function posed({ ctx }: Scene, { middle, size }: Sitter, paint: () => void): void {
  ctx.save();
  ctx.translate(middle[0], middle[1]);
  ctx.scale(size / 100, size / 100);
  paint();
  ctx.restore();
}

function faceOutline({ ctx }: Scene): void {
  curve(
    ctx,
    points('0 -100, 52 -92, 71 -50, 70 0, 60 46, 30 92, 0 103, -30 92, -60 46, -70 0, -71 -50, -52 -92'),
    true,
  );
}

export function hairBehind(scene: Scene, sitter: Sitter): void {
  const { ctx } = scene;
  const { hair, cut } = sitter;
  posed(scene, sitter, () => {
    ctx.fillStyle = linear(ctx, [-100, -100], [100, 180], [lighten(hair, 0.1), hair]);
    ctx.beginPath();
    if (cut === 'long')
      curve(
        ctx,
        points('0 -128, 72 -116, 98 -50, 92 60, 116 170, 84 232, 0 200, -84 232, -116 170, -92 60, -98 -50, -72 -116'),
        true,
      );
    else if (cut === 'bob')
      curve(
        ctx,
        points('0 -126, 74 -114, 100 -40, 104 52, 92 92, 40 70, -40 70, -92 92, -104 52, -100 -40, -74 -114'),
        true,
      );
    else ctx.ellipse(0, -34, 80, 92, 0, 0, Math.PI * 2);
    ctx.fill();
    if (cut === 'bun') disc(ctx, [0, -138], 40);
  });
}

export function shoulders(scene: Scene, sitter: Sitter): void {
  const { ctx } = scene;
  const { skin, dress, side } = sitter;
  posed(scene, sitter, () => {
    ctx.fillStyle = linear(ctx, [-34 * side, 0], [34 * side, 0], [darken(skin, 0.32), darken(skin, 0.14)]);
    ctx.beginPath();
    ctx.moveTo(-30, 58);
    ctx.quadraticCurveTo(-32, 132, -70, 152);
    ctx.lineTo(0, 230);
    ctx.lineTo(70, 152);
    ctx.quadraticCurveTo(32, 132, 30, 58);
    ctx.fill();
  });
  withShadow(scene, 20, 'rgba(14, 10, 24, 0.3)', () => {
    posed(scene, sitter, () => {
      ctx.fillStyle = linear(ctx, [-160 * side, 120], [160 * side, 300], [darken(dress, 0.25), lighten(dress, 0.06)]);
      ctx.beginPath();
      ctx.moveTo(-56, 146);
      ctx.quadraticCurveTo(0, 236, 56, 146);
      ctx.bezierCurveTo(130, 164, 176, 196, 196, 420);
      ctx.lineTo(196, 2000);
      ctx.lineTo(-196, 2000);
      ctx.lineTo(-196, 420);
      ctx.bezierCurveTo(-176, 196, -130, 164, -56, 146);
      ctx.fill();
    });
  });
}

export function face(scene: Scene, sitter: Sitter): void {
  const { ctx } = scene;
  const { skin, side } = sitter;
  posed(scene, sitter, () => {
    ctx.fillStyle = skin;
    ctx.beginPath();
    ctx.ellipse(-70, 4, 13, 24, 0.1, 0, Math.PI * 2);
    ctx.ellipse(70, 4, 13, 24, -0.1, 0, Math.PI * 2);
    ctx.fill();
    within(
      ctx,
      () => faceOutline(scene),
      () => {
        ctx.fillStyle = linear(ctx, [0, -100], [0, 100], [lighten(skin, 0.18), skin]);
        ctx.fillRect(-110, -120, 220, 240);
        // The shadow's edge runs down the bow of the brow, the nose and the lips.
        ctx.fillStyle = darken(skin, 0.24);
        ctx.beginPath();
        ctx.moveTo(0, -130);
        ctx.bezierCurveTo(6 * side, -70, -14 * side, -46, -4 * side, -22);
        ctx.bezierCurveTo(0, 2, 4 * side, 14, 15 * side, 27);
        ctx.bezierCurveTo(8 * side, 36, 1 * side, 34, 0, 44);
        ctx.bezierCurveTo(6 * side, 60, -6 * side, 76, 0, 120);
        ctx.lineTo(-120 * side, 120);
        ctx.lineTo(-120 * side, -130);
        ctx.fill();
        for (const cheek of [-1, 1]) {
          ctx.fillStyle = veil('#d4483b', 0.16);
          disc(ctx, [cheek * 42, 30], 19);
        }
      },
    );
  });
}

export function hairInFront(scene: Scene, sitter: Sitter): void {
  const { ctx } = scene;
  const { hair, cut, side } = sitter;
  posed(scene, sitter, () => {
    ctx.fillStyle = linear(ctx, [-80 * side, -110], [80 * side, -20], [hair, lighten(hair, 0.16)]);
    ctx.beginPath();
    if (cut === 'bob')
      curve(ctx, points('0 -122, 66 -110, 84 -50, 74 -28, 58 -50, 0 -42, -58 -50, -74 -28, -84 -50, -66 -110'), true);
    else if (cut === 'short' || cut === 'beard')
      curve(
        ctx,
        points('10 -132, 74 -112, 82 -46, 66 -34, 56 -70, -20 -74, -66 -56, -80 -28, -82 -86, -40 -128', side),
        true,
      );
    else
      curve(
        ctx,
        points('0 -122, 66 -110, 86 -40, 80 20, 66 -24, 34 -84, -20 -72, -66 -24, -80 20, -86 -40, -66 -110', side),
        true,
      );
    ctx.fill();
  });
}

export function beard(scene: Scene, sitter: Sitter): void {
  const { ctx } = scene;
  const { hair, side } = sitter;
  posed(scene, sitter, () => {
    ctx.fillStyle = linear(ctx, [-70 * side, 30], [70 * side, 130], [hair, lighten(hair, 0.16)]);
    ctx.beginPath();
    curve(
      ctx,
      points(
        '0 42, 30 46, 52 34, 71 -22, 72 40, 60 92, 26 128, 0 136, -26 128, -60 92, -72 40, -71 -22, -52 34, -30 46',
      ),
      true,
    );
    ctx.fill();
  });
}

export function features(scene: Scene, sitter: Sitter): void {
  const { ctx } = scene;
  const { skin, hair, side } = sitter;
  const line = mix(darken(skin, 0.72), hair, 0.4);
  posed(scene, sitter, () => {
    ctx.strokeStyle = line;
    ctx.lineCap = 'round';
    for (const eye of [-1, 1]) {
      ctx.lineWidth = 3.4;
      ctx.beginPath();
      ctx.moveTo(eye * 15, -24);
      ctx.quadraticCurveTo(eye * 34, -40, eye * 56, -25);
      ctx.stroke();
      ctx.lineWidth = 2.8;
      ctx.beginPath();
      ctx.moveTo(eye * 18, -6);
      ctx.quadraticCurveTo(eye * 34, 8, eye * 51, -7);
      ctx.stroke();
      ctx.lineWidth = 1.7;
      for (let lash = 0; lash < 4; lash += 1) {
        const x = 30 + lash * 6;
        ctx.beginPath();
        ctx.moveTo(eye * x, 0.5 - lash * 1.2);
        ctx.lineTo(eye * (x + 2.4), 6.5 - lash * 1.6);
        ctx.stroke();
      }
    }
    ctx.lineWidth = 2.2;
    ctx.beginPath();
    ctx.moveTo(-4 * side, -22);
    ctx.bezierCurveTo(0, 2, 4 * side, 14, 15 * side, 27);
    ctx.quadraticCurveTo(6 * side, 38, -7 * side, 33);
    ctx.stroke();
    ctx.fillStyle = mix(skin, '#a8323c', sitter.cut === 'short' || sitter.cut === 'beard' ? 0.34 : 0.62);
    ctx.beginPath();
    ctx.moveTo(-23, 60);
    ctx.quadraticCurveTo(-9, 50, 0, 55);
    ctx.quadraticCurveTo(9, 50, 23, 60);
    ctx.quadraticCurveTo(0, 79, -23, 60);
    ctx.fill();
    ctx.strokeStyle = veil(line, 0.7);
    ctx.lineWidth = 1.4;
    ctx.beginPath();
    ctx.moveTo(-22, 60);
    ctx.quadraticCurveTo(0, 65, 22, 60);
    ctx.stroke();
  });
}

export function jewellery(scene: Scene, sitter: Sitter): void {
  const { ctx, palette, detail } = scene;
  const stone = detail.pick([palette.accents[1], palette.light, palette.accents[2]]);
  posed(scene, sitter, () => {
    for (const ear of sitter.cut === 'short' || sitter.cut === 'beard' ? [] : [-1, 1]) {
      ctx.fillStyle = stone;
      disc(ctx, [ear * 73, 42], 9);
      ctx.fillStyle = veil('#ffffff', 0.6);
      disc(ctx, [ear * 73 - 3, 39], 2.6);
    }
    const pattern = detail.integer(0, 2);
    for (let index = 0; index < 42; index += 1) {
      const x = ((index % 7) - 3) * 42 + (Math.floor(index / 7) % 2) * 21;
      const y = 214 + Math.floor(index / 7) * 26;
      if (Math.abs(x) > 96 + (y - 190) * 0.55 || Math.abs(x) + y < 238) continue;
      ctx.fillStyle = veil(at([palette.accents[3], palette.light], index), 0.75);
      if (pattern === 0) disc(ctx, [x, y], 5);
      else if (pattern === 1) ctx.fillRect(x - 9, y - 1.5, 18, 3);
      else {
        disc(ctx, [x - 5, y], 3);
        disc(ctx, [x + 5, y], 3);
        disc(ctx, [x, y - 7], 3);
      }
    }
  });
}
