import { mix } from '../palettes.ts';
import { circle, type Point, rect } from '../shapes.ts';
import type { Composition } from './composition.ts';

/** Square tiles of simple forms, as the Bauhaus taught them. */
export const tiles: Composition = {
  keywords:
    'bauhaus|geometric|geometry|abstract|pattern|shape|grid|logo|icon|poster|design|tile|quilt|mosaic|minimal|modern|music|jazz|concert|festival|exhibition|muster|plakat|kachel|musik|konzert|ausstellung',
  lettering: 'on paper',
  draw({ width, height, unit, margin, foot, palette, paper, random, ground, masses, details }) {
    const { pale, deep, accent, tones } = palette;
    const [wide, tall] = [width - margin * 2, foot - margin * 1.8];
    // As many columns as leave the least of the height empty when tiles are square.
    const empty = (columns: number) => (((tall * columns) / wide + 0.01) % 1) / columns;
    const counts = [0, 1, 2, 3].map((more) => Math.ceil(wide / unit / 0.27) + more);
    const columns = counts.reduce((best, count) => (empty(count) < empty(best) - 0.01 ? count : best));
    const side = wide / columns;
    const colours = [pale, tones[0], tones[1], accent, tones[2], tones[3], deep] as const;
    const place = (colour: string) => [...colours, ''].indexOf(colour);
    const areApart = (one: string, other: string) => Math.abs(place(one) - place(other)) > 1;
    const backs: string[] = [];
    ground.fill(rect(0, 0, width, height), paper);
    for (let index = 0; index < columns * Math.max(1, Math.floor(tall / side + 0.01)); index++) {
      const [left, top] = [margin + (index % columns) * side, margin + Math.floor(index / columns) * side];
      const neighbours = [index % columns > 0 ? backs[index - 1] : undefined, backs[index - columns]];
      const back = random.pick(colours, (colour) => !neighbours.includes(colour));
      const front = random.pick(colours, (colour) => areApart(colour, back));
      const other = random.pick(colours, (colour) => areApart(colour, front) && colour !== back);
      backs.push(back);
      masses.fill(rect(left, top, side + 0.5, side + 0.5), back);

      // Points of the tile, which is 1 wide and high and turned by quarters.
      const turn = random.pick([0, 1, 2, 3]) * (Math.PI / 2);
      const [cos, sin] = [Math.cos(turn) * side, Math.sin(turn) * side];
      const [x, y] = [left + (side - cos + sin) / 2, top + (side - sin - cos) / 2];
      const at = (u: number, v: number): Point => [x + u * cos - v * sin, y + u * sin + v * cos];
      const move = (u: number, v: number) => `M ${at(u, v).join(' ')}`;
      const line = (u: number, v: number) => `L ${at(u, v).join(' ')}`;
      const bow = (r: number, u: number, v: number) => `A ${r * side} ${r * side} 0 0 1 ${at(u, v).join(' ')}`;
      const dot = (u: number, v: number, r: number) => circle(...at(u, v), r * side);
      const speckles = mix(front, front === pale || front === deep ? back : deep, 0.5);
      const fill = (path: string, colour: string) => details.fill(path, colour);
      const form = (path: string) => details.fill(path, front, { colour: speckles, from: at(0, 0), to: at(0.9, 0.9) });
      const quarter = (r: number) => `${move(0, 0)} ${line(r, 0)} ${bow(r, 0, r)} Z`;
      const gate = (r: number) =>
        `${move(0.5 - r, 1)} ${line(0.5 - r, 0.5)} ${bow(r, 0.5 + r, 0.5)} ${line(0.5 + r, 1)}`;
      const stripe = (v: number) => `${move(0, v)} ${line(1, v)} ${line(1, v + 0.1)} ${line(0, v + 0.1)}`;
      const half = (v: number) => `${move(0, v)} ${bow(0.5, 1, v)} Z`;
      const thirds = [0.2, 0.5, 0.8];
      random.pick([
        () => form(quarter(1)),
        () => form(quarter(1)),
        () => form(`${move(0, 0)} ${bow(1, 1, 1)} ${bow(1, 0, 0)} Z`),
        () => form(`${move(0, 0)} ${line(1, 1)} ${line(0, 1)} Z`),
        () => [form(dot(0.5, 0.5, 0.36)), fill(dot(0.5, 0.5, 0.15), other)],
        () => [form(half(0.5)), fill(half(1), other)],
        () => [fill(gate(0.5), front), fill(gate(0.34), other), fill(gate(0.17), back)],
        () => [1, 0.75, 0.5, 0.25].map((r, ring) => fill(quarter(r), ring % 2 === 0 ? front : back)),
        () => [0, 0.2, 0.4, 0.6, 0.8].map((v) => fill(stripe(v), front)),
        () => thirds.map((u) => thirds.map((v) => fill(dot(u, v, 0.085), front))),
      ])();
    }
  },
};
