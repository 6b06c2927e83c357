/** Everything in one process on one virtual time: tabs, the network, the server, the generator, and the rules that watch them. */
import { inspect } from 'node:util';
import type { Caller } from '../../server/session/participants.ts';
import type { Answer } from '../../server/session/rejections.ts';
import type { EndedEvent } from '../../server/session/session-events.ts';
import type { Command } from '../../shared/protocol.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import type { RuleChecks } from './rule-checks.ts';
import { CapacityRules } from './rules/capacity-rules.ts';
import { ConnectionRules } from './rules/connection-rules.ts';
import { SessionRules } from './rules/session-rules.ts';
import { TabRules } from './rules/tab-rules.ts';
import { isInjected, ServerProcess } from './server-process.ts';
import type { DeliveredAtCut, SimulatedConnection } from './simulated-connection.ts';
import { type Drawing, SimulatedGenerator } from './simulated-generator.ts';
import { Tab, type TabParts } from './tab.ts';
import { VirtualTime } from './virtual-time.ts';

type Newcomer = Pick<TabParts, 'team' | 'mayDecide' | 'hasRightLink' | 'options'>;

export class World {
  readonly time = new VirtualTime();
  readonly random: SeededRandom;
  readonly checks: RuleChecks;
  readonly generator: SimulatedGenerator;
  readonly tabs: Tab[] = [];
  readonly tabRules = new Map<Tab, TabRules>();
  readonly connectionRules = new Map<SimulatedConnection, ConnectionRules>();
  /** By session id, of all servers that there were. */
  readonly sessions = new Map<string, SessionRules>();
  /** Errors that the generator was made to fail with: the server may log them. */
  readonly expectedErrors = new Set<unknown>();
  /** Commands that have reached the server, by team. */
  readonly commands = new Map<string, Command[]>();
  server: ServerProcess;
  /** Of the current server. */
  #capacity!: CapacityRules;
  readonly #owners = new Map<Drawing, SessionRules>();
  readonly #startedAt: number;
  readonly #trace: (line: string) => void;
  #ids = 0;
  #teams = 0;

  /** `trace` gets a line for everything that happens. */
  constructor(seed: number, checks: RuleChecks, trace: (line: string) => void = () => {}) {
    this.#startedAt = this.time.now;
    this.#trace = trace;
    this.random = new SeededRandom(seed);
    this.checks = checks;
    this.generator = new SimulatedGenerator({
      requested: (drawing) => this.#onRequested(drawing),
      aborted: (drawing) => this.#onAborted(drawing),
    });
    this.server = this.#startServer();
  }

  /** The tabs that are open. */
  get open(): Tab[] {
    return this.tabs.filter(({ hasLeft }) => !hasLeft);
  }

  /** Open tabs whose commands can have an effect; all open ones when there are none of these. */
  get active(): Tab[] {
    const active = this.open.filter((tab) => tab.state.connection.status !== 'closed' && !this.isTurnedAway(tab));
    return active.length > 0 ? active : this.open;
  }

  /** The server was full and told the tab to come back after a minute. */
  isTurnedAway(tab: Tab): boolean {
    return tab.state.connection.status === 'reconnecting' && this.tabRules.get(tab)?.wasTurnedAway === true;
  }

  newId(kind = 'id'): string {
    this.#ids += 1;
    return `${kind}${this.#ids}`;
  }

  newTeam(): string {
    this.#teams += 1;
    return `team ${this.#teams}`;
  }

  addTab(newcomer: Newcomer): Tab {
    const { time, random, checks } = this;
    const tab = new Tab({
      ...newcomer,
      number: this.tabs.length,
      time,
      random,
      newId: () => this.newId('command'),
      onConnect: (from, connection) => this.#connect(from, connection),
      onDownload: (from, path) => this.#download(from, path),
    });
    this.tabs.push(tab);
    this.tabRules.set(tab, new TabRules(tab, checks, time, (sessionId) => this.sessions.get(sessionId)));
    tab.client.connect();
    return tab;
  }

  sessionOf(tab: Tab): SessionRules | undefined {
    return this.sessions.get(tab.state.sessionId ?? '');
  }

  /** Runs all events of the next `ms` milliseconds; checks the rules after each. */
  async pass(ms: number): Promise<void> {
    const end = this.time.now + ms;
    await this.settle();
    for (let event = this.time.takeUntil(end); event; event = this.time.takeUntil(end)) {
      event();
      await this.settle();
    }
  }

  /** Waits until all promises have settled that can, and checks the rules. */
  async settle(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    for (const session of this.sessions.values()) session.checkDraft();
    for (const tab of this.tabRules.values()) tab.checkField();
    this.observe();
    for (const session of this.sessions.values()) session.checkDrawings();
    this.#capacity.eventEnded(this.#awaitedImages);
    this.checks.throwIfBroken();
  }

  /** Sends a preview of a drawing to the server. */
  preview(drawing: Drawing, byteLength: number): void {
    const image = this.generator.paint(drawing, 'partial', byteLength);
    drawing.partials += 1;
    drawing.context.onProgress({ phase: 'partial', image });
  }

  /** Checks what has changed in the sessions. Called so often that few changes are seen together. */
  observe(): void {
    for (const rules of this.sessions.values()) {
      rules.isGone ||= this.server.session(rules.session.id) !== rules.session;
      rules.observe(this.time.now, this.server.wallClock);
    }
  }

  cut(tab: Tab, delivered: DeliveredAtCut): void {
    for (const connection of tab.connections) connection.cut(delivered);
  }

  /** The server stops, by SIGTERM or by a crash, and another one starts `downMs` after its end. */
  restart(downMs: number, isDrained: boolean): void {
    if (!this.server.isOpen) return;
    const startAgain = () => {
      for (const drawing of this.generator.drawings) drawing.isSettled = true;
      this.time.after(downMs, () => {
        this.server = this.#startServer();
      });
    };
    if (isDrained) return this.server.drain(startAgain);
    for (const rules of this.sessions.values()) rules.isGone = true;
    this.server.kill();
    startAgain();
  }

  /** Images that are still to come, for which memory is reserved. */
  get #awaitedImages(): number {
    return this.generator.drawings.filter(({ isLive, shown }) => isLive && !shown).length;
  }

  #startServer(): ServerProcess {
    const { time, random, generator, checks } = this;
    const server: ServerProcess = new ServerProcess({
      time,
      random,
      generator,
      newId: () => this.newId(),
      observer: {
        executing: (caller, command) => this.#onExecuting(caller, command),
        reserved: (bytes, reservation) => this.#capacity.reserved(bytes, reservation),
        ended: (event) => this.#onEnded(event),
        failed: (error) => {
          const isExpected = isInjected(error) || this.expectedErrors.has(error);
          checks.check('R8', isExpected, () => `the server logged ${inspect(error)}`);
        },
      },
    });
    this.#capacity = new CapacityRules(server, checks, time, () => this.#openSessions);
    return server;
  }

  get #openSessions(): SessionRules[] {
    return [...this.sessions.values()].filter(({ isGone }) => !isGone);
  }

  #onExecuting(caller: Caller, command: Command): (answer: Answer) => void {
    const rules = this.sessions.get(caller.sessionId);
    const accepted = rules?.executing(command, caller);
    const answered = this.#capacity.executing(caller.participant.id, rules, command);
    return (answer) => {
      answered(answer);
      if (answer.accepted) accepted?.();
    };
  }

  #onEnded(event: EndedEvent): void {
    const rules = this.sessions.get(event.sessionId);
    if (!rules) return;
    this.observe();
    this.#capacity.ended(rules, event);
  }

  #onRequested(drawing: Drawing): void {
    this.observe();
    const { prompt } = drawing.request;
    const owner = this.#openSessions.find(({ session: { state } }) => {
      return state.stage === 'generating' && state.generation.prompt === prompt;
    });
    this.checks.check('R11', owner !== undefined, () => `drawing ${drawing.number} is for no session`);
    if (owner) this.#owners.set(drawing, owner);
    owner?.requested(drawing);
    this.#capacity.check(this.#awaitedImages);
  }

  #onAborted(drawing: Drawing): void {
    this.observe();
    this.#owners.get(drawing)?.aborted(drawing, this.server.drainingMs);
  }

  /** A session is known from its first `welcome` on. */
  #onJoined(sessionId: string, tab: Tab, how?: 'refused'): SessionRules | undefined {
    const session = this.server.session(sessionId);
    const known = this.sessions.get(sessionId);
    const rules = known ?? (session && new SessionRules(session, tab.team, this.checks, this.generator));
    if (!rules) return undefined;
    this.sessions.set(sessionId, rules);
    if (how !== 'refused') rules.touched(this.time.now);
    return rules;
  }

  #connect(tab: Tab, connection: SimulatedConnection): void {
    const rules = this.tabRules.get(tab);
    rules?.connecting();
    const observer = new ConnectionRules({
      checks: this.checks,
      generator: this.generator,
      trace: (line) => this.#trace(`${Math.round(this.time.now - this.#startedAt)} ms tab ${tab.number} ${line}`),
      observe: () => this.observe(),
      joined: (sessionId, how) => this.#onJoined(sessionId, tab, how),
      isDraining: () => this.server.drainingMs !== undefined,
      onWant: (participantId) => this.#capacity.wanted(participantId),
      onJoin: (join) => rules?.joinArrived(join),
      onCommand: (command) => {
        this.commands.set(tab.team, [...(this.commands.get(tab.team) ?? []), command]);
        rules?.commandArrived(command);
      },
      onClientSent: (message) => rules?.sent(message),
      onClientReceived: (message) => rules?.received(message),
      onClientClosed: (code) => rules?.closed(code),
    });
    connection.observer = observer;
    this.connectionRules.set(connection, observer);
    if (tab.network === 'swallows') {
      connection.up.block('dead');
      return connection.down.block('dead');
    }
    const travelMs = tab.speed.latencyMs * (0.5 + this.random.next());
    this.time.after(travelMs, () => {
      if (connection.isClientGone) return;
      if (tab.network === 'refuses' || !this.server.isOpen) return connection.refuse();
      this.server.connect(connection.server, 'here');
      connection.accept();
    });
  }

  /** Over HTTP. The network holds nothing back here: what it breaks are connections. */
  #download(tab: Tab, path: string): Promise<Uint8Array<ArrayBuffer>> {
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array<ArrayBuffer>>();
    if (tab.network === 'swallows') return promise;
    this.time.after(2 * tab.speed.latencyMs, () => {
      const [, sessionId = '', imageId = ''] = path.split('/');
      const isReached = tab.network === 'works' && this.server.isOpen;
      const loaded = isReached ? this.server.session(sessionId)?.loadImage(imageId) : undefined;
      void Promise.resolve(loaded).then((image) => {
        if (image) resolve(Uint8Array.from(image.bytes));
        else reject(new TypeError('Failed to fetch'));
      });
    });
    return promise;
  }
}
