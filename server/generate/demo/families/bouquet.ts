/** Flowers in a vessel. */
import { darken, lighten, mix } from '../colour.ts';
import { disc, linear, type Point, type Scene } from '../scene.ts';

export interface Bouquet {
  /** The middle of the vessel's mouth. */
  readonly mouth: Point;
  /** How far the stems may lean on the vessel, in units. */
  readonly width: number;
  readonly stems: number;
}

export function bouquet(
  { ctx, palette, layout, detail }: Scene,
  { mouth: [x, lip], stems: count, width }: Bouquet,
): void {
  const green = mix(palette.tones[2], '#4c6b45', 0.5);
  for (let index = 0; index < count; index += 1) {
    const lean = (index / Math.max(1, count - 1) - 0.5) * 1.5 + layout.between(-0.12, 0.12);
    const tall = layout.between(170, 300);
    const tip: Point = [x + lean * tall * 0.75, Math.max(46, lip - tall * (1 - 0.2 * Math.abs(lean)))];
    const knee: Point = [x + lean * width * 0.15, lip - tall * 0.5];
    ctx.strokeStyle = green;
    ctx.lineWidth = 3;
    ctx.beginPath();
    ctx.moveTo(x, lip + 10);
    ctx.quadraticCurveTo(knee[0], knee[1], tip[0], tip[1]);
    ctx.stroke();
    leaf(
      ctx,
      [(x + knee[0] * 2 + tip[0]) / 4, (lip + knee[1] * 2 + tip[1]) / 4],
      lean > 0 ? 0.6 : Math.PI - 0.6,
      detail.between(34, 60),
      green,
    );
    bloom(
      ctx,
      tip,
      detail.between(20, 40),
      detail.pick([palette.accents[0], palette.accents[1], palette.light]),
      palette.accents[1],
      detail.integer(6, 11),
    );
  }
}

function leaf(ctx: Scene['ctx'], [x, y]: Point, angle: number, size: number, colour: string): void {
  ctx.save();
  ctx.translate(x, y);
  ctx.rotate(-angle);
  ctx.fillStyle = linear(ctx, [0, -8], [0, 8], [lighten(colour, 0.2), darken(colour, 0.15)]);
  ctx.beginPath();
  ctx.moveTo(0, 0);
  ctx.quadraticCurveTo(size * 0.5, -size * 0.32, size, 0);
  ctx.quadraticCurveTo(size * 0.5, size * 0.32, 0, 0);
  ctx.fill();
  ctx.restore();
}

function bloom(ctx: Scene['ctx'], [x, y]: Point, size: number, colour: string, heart: string, petals: number): void {
  for (let petal = 0; petal < petals; petal += 1) {
    ctx.save();
    ctx.translate(x, y);
    ctx.rotate((petal / petals) * Math.PI * 2);
    ctx.fillStyle = linear(ctx, [0, 0], [size, 0], [darken(colour, 0.2), lighten(colour, 0.2)]);
    ctx.beginPath();
    ctx.ellipse(size * 0.62, 0, size * 0.55, size * 0.25, 0, 0, Math.PI * 2);
    ctx.fill();
    ctx.restore();
  }
  ctx.fillStyle = darken(heart, 0.25);
  disc(ctx, [x, y], size * 0.26);
}
