/** Snow and rain over a finished scene. */
import { veil } from './colour.ts';
import { disc, type Scene } from './scene.ts';
import type { Weather } from './words.ts';

export function fall(scene: Scene, weather: Weather): void {
  const { ctx, width, height, palette, detail, density } = scene;
  ctx.lineCap = 'round';
  for (let index = 0; index < (weather === 'snow' ? 300 : 240) * density; index += 1) {
    const x = detail.between(-40, width);
    const y = detail.between(-20, height);
    // Few flakes are near; the many far ones are small and faint.
    const near = detail.next() ** 3;
    if (weather === 'snow') {
      ctx.fillStyle = veil('#ffffff', 0.4 + 0.5 * detail.next());
      disc(ctx, [x, y], 1.1 + 5.5 * near);
    } else {
      const reach = 22 + 70 * near;
      ctx.strokeStyle = veil(palette.light, 0.14 + 0.24 * near);
      ctx.lineWidth = 0.9 + 1.3 * near;
      ctx.beginPath();
      ctx.moveTo(x, y);
      ctx.lineTo(x + reach * 0.2, y + reach);
      ctx.stroke();
    }
  }
}
