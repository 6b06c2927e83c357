/** Everything in one process on one clock: pages, the network, the server, the service that draws, and the rules that watch them. */
import { inspect } from 'node:util';
import type { Session } from '../../server/session/session.ts';
import type { Command } from '../../shared/protocol.ts';
import type { Cable, Rescued } from './cable.ts';
import type { Ledger } from './ledger.ts';
import { Page, type PageParts } from './page.ts';
import { Random } from './random.ts';
import { PageRules } from './rules/page-rules.ts';
import { RoomRules } from './rules/room-rules.ts';
import { SessionRules } from './rules/session-rules.ts';
import { WireRules } from './rules/wire-rules.ts';
import { ServerProcess } from './server-process.ts';
import { Time } from './time.ts';
import { type Drawing, Upstream } from './upstream.ts';

type Invitation = Pick<PageParts, 'room' | 'mayDecide' | 'isInvited' | 'options'>;

export class World {
  readonly time = new Time();
  readonly random: Random;
  readonly ledger: Ledger;
  readonly upstream: Upstream;
  readonly pages: Page[] = [];
  readonly pageRules = new Map<Page, PageRules>();
  readonly wires = new Map<Cable, WireRules>();
  readonly sessions = new Map<string, SessionRules>();
  /** What the service that draws was made to fail with: the server may call it a fault, and lives on. */
  readonly expectedFaults = new Set<unknown>();
  /** The commands that have reached the server, by room: somebody may send them again. */
  readonly commands = new Map<string, Command[]>();
  server: ServerProcess;
  /** Of the server there is now. */
  #room!: RoomRules;
  readonly #startedAt: number;
  readonly #tell: (line: string) => void;
  #ids = 0;
  #rooms = 0;

  /** `trace` hears of all that happens, line by line. */
  constructor(seed: number, ledger: Ledger, trace: (line: string) => void = () => {}) {
    this.#startedAt = this.time.now;
    this.#tell = trace;
    this.random = new Random(seed);
    this.ledger = ledger;
    this.upstream = new Upstream({
      asked: (drawing) => this.#asked(drawing),
      aborted: (drawing) => this.#aborted(drawing),
    });
    this.server = this.#startServer();
  }

  /** Pages whose tab is open. */
  get open(): Page[] {
    return this.pages.filter(({ hasLeft }) => !hasLeft);
  }

  /** Those that have not been sent away, as far as there are any: what is done in the others comes to nothing. */
  get busy(): Page[] {
    const busy = this.open.filter((page) => page.state.connection.status !== 'closed' && !this.isTurnedAway(page));
    return busy.length > 0 ? busy : this.open;
  }

  /** The server was full, and said so: the page tries again once a minute. */
  isTurnedAway(page: Page): boolean {
    return page.state.connection.status === 'reconnecting' && this.pageRules.get(page)?.wasTurnedAway === true;
  }

  newId(kind = 'id'): string {
    this.#ids += 1;
    return `${kind}${this.#ids}`;
  }

  newRoom(): string {
    this.#rooms += 1;
    return `room ${this.#rooms}`;
  }

  addPage(invitation: Invitation): Page {
    const { time, random } = this;
    const page = new Page({
      ...invitation,
      number: this.pages.length,
      time,
      random,
      newId: () => this.newId('command'),
      onCable: (from, cable) => this.#connect(from, cable),
    });
    this.pages.push(page);
    this.pageRules.set(page, new PageRules(page, this.ledger, time, (sessionId) => this.sessions.get(sessionId)));
    page.client.connect();
    return page;
  }

  sessionOf(page: Page): SessionRules | undefined {
    return this.sessions.get(page.state.sessionId ?? '');
  }

  /** Lets the time pass, one event after the other; after each, all rules are looked at. */
  async pass(ms: number): Promise<void> {
    const end = this.time.now + ms;
    await this.settle();
    for (let event = this.time.takeUntil(end); event; event = this.time.takeUntil(end)) {
      event();
      await this.settle();
    }
  }

  /** Lets every promise settle that is ready, and looks at the rules. */
  async settle(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    for (const session of this.sessions.values()) session.checkDraft();
    for (const page of this.pageRules.values()) page.checkField();
    this.look();
    for (const session of this.sessions.values()) session.checkDrawings();
    this.#room.check(this.#live);
    this.#room.checkLine();
    this.ledger.throwIfBroken();
  }

  /** Gives the server a preview, of one of its drawings that run. */
  preview(drawing: Drawing, byteLength: number): void {
    const image = this.upstream.paint(drawing, 'partial', byteLength);
    drawing.partials += 1;
    drawing.context.onProgress({ phase: 'partial', image });
  }

  look(): void {
    for (const rules of this.sessions.values()) {
      rules.isGone ||= this.server.sessions.find(rules.session.id) !== rules.session;
      rules.observe(this.time.now);
    }
  }

  cut(page: Page, rescued: Rescued): void {
    for (const cable of page.cables) cable.cut(rescued);
  }

  /** The process dies, and another takes its place later. */
  restart(downMs: number, isDrained: boolean): void {
    if (!this.server.isOpen) return;
    const again = () => {
      for (const drawing of this.upstream.drawings) drawing.isSettled = true;
      this.time.after(downMs, () => {
        this.server = this.#startServer();
      });
    };
    if (isDrained) return this.server.drain(again);
    for (const rules of this.sessions.values()) rules.isGone = true;
    this.server.kill();
    again();
  }

  /** Drawings that the server waits for. */
  get #live(): number {
    return this.upstream.drawings.filter(({ isLive }) => isLive).length;
  }

  #trace(line: string): void {
    this.#tell(`${Math.round(this.time.now - this.#startedAt)} ms ${line}`);
  }

  #startServer(): ServerProcess {
    const { time, random, upstream } = this;
    const server: ServerProcess = new ServerProcess({
      time,
      random,
      upstream,
      newId: () => this.newId(),
      onError: (error) =>
        this.ledger.check('R8', this.expectedFaults.has(error), () => `the server logged ${inspect(error)}`),
      watch: {
        born: (session) => this.#born(session),
        deciding: (session, command) => {
          const isKnown = this.sessions.get(session.id)?.hasAnswered(command.commandId) === true;
          return this.#room.deciding(session, command, isKnown);
        },
        forgetting: (session) => this.#room.forgetting(session),
        closing: (session) => {
          this.look();
          this.#room.closing(session);
        },
      },
    });
    this.#room = new RoomRules(server, this.ledger, time);
    return server;
  }

  #born(session: Session): void {
    this.sessions.set(session.id, new SessionRules(session, this.ledger, this.upstream));
  }

  #asked(drawing: Drawing): void {
    this.look();
    const { prompt } = drawing.request;
    const asking = [...this.sessions.values()].find(({ isGone, session: { state } }) => {
      return !isGone && state.stage === 'generating' && state.generation.prompt === prompt;
    });
    drawing.owner = asking;
    this.ledger.check('R11', asking !== undefined, () => `drawing ${drawing.number} is for no session`);
    asking?.asked(drawing);
    this.#room.check(this.#live);
  }

  #aborted(drawing: Drawing): void {
    this.look();
    const rules = drawing.owner;
    if (rules instanceof SessionRules) rules.aborted(drawing, this.server.drainingMs);
  }

  #connect(page: Page, cable: Cable): void {
    const rules = this.pageRules.get(page);
    rules?.opening();
    const wire = new WireRules({
      ledger: this.ledger,
      time: this.time,
      upstream: this.upstream,
      trace: (line) => this.#trace(`page ${page.number} ${line}`),
      look: () => this.look(),
      joined: (sessionId) => {
        const session = this.sessions.get(sessionId);
        if (session) session.room ??= page.room;
        return session;
      },
      isDraining: () => this.server.drainingMs !== undefined,
      joinCame: (join) => rules?.joined(join),
      commandCame: (command) => {
        this.commands.set(page.room, [...(this.commands.get(page.room) ?? []), command]);
        rules?.commandCame(command);
      },
      clientReceived: (message) => rules?.received(message),
      clientClosed: (code) => rules?.closed(code),
    });
    cable.tap = wire;
    this.wires.set(cable, wire);
    if (page.network === 'swallows') {
      cable.up.block('dead');
      return cable.down.block('dead');
    }
    const travelMs = page.weather.latencyMs * this.random.between(0.5, 1.5);
    this.time.after(travelMs, () => {
      if (cable.isGivenUp) return;
      if (page.network === 'refuses' || !this.server.isOpen) return cable.refuse();
      this.server.connect(cable.server, 'here');
      cable.accept();
    });
  }
}
