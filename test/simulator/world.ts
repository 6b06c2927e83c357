/** Everything in one process on one virtual time: tabs, the network, the server, the generator, and the rules that watch them. */
import { inspect } from 'node:util';
import type { Generator } from '../../server/generators/generator.ts';
import type { Caller } from '../../server/session/participants.ts';
import type { Answer } from '../../server/session/rejections.ts';
import type { Session } from '../../server/session/session.ts';
import type { EndedEvent } from '../../server/session/session-events.ts';
import type { Stores } from '../../server/session/stores.ts';
import type { Command } from '../../shared/protocol.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import type { RuleChecks } from './rule-checks.ts';
import { CapacityRules } from './rules/capacity-rules.ts';
import { ConnectionRules } from './rules/connection-rules.ts';
import type { ObservedSession } from './rules/observed-session.ts';
import { SessionRules } from './rules/session-rules.ts';
import { TabRules } from './rules/tab-rules.ts';
import { isInjected, ServerProcess, type WallClock } from './server-process.ts';
import type { DeliveredAtCut, SimulatedConnection } from './simulated-connection.ts';
import { type Drawing, SimulatedGenerator } from './simulated-generator.ts';
import { Tab, type TabParts } from './tab.ts';
import { VirtualTime } from './virtual-time.ts';

/** What is checked of servers as a whole. */
export type ServerRules = Pick<CapacityRules, 'check' | 'eventEnded' | 'reserved' | 'executing' | 'wanted' | 'ended'>;

type Newcomer = Pick<TabParts, 'team' | 'mayDecide' | 'hasRightLink' | 'options'>;

/** A browser that waits for an image from a server that has stopped gives up. */
const DOWNLOAD_WITHIN_MS = 10_000;

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
  /** The server that each connection leads to. */
  protected readonly reached = new Map<SimulatedConnection, ServerProcess>();
  /** The server that asked for each drawing. */
  readonly askers = new Map<Drawing, ServerProcess>();
  protected readonly owners = new Map<Drawing, SessionRules>();
  #server: ServerProcess | undefined;
  /** Of the current server. */
  protected serverRules: ServerRules | undefined;
  #asker: ServerProcess | undefined;
  readonly #startedAt: number;
  protected readonly trace: (line: string) => void;
  #ids = 0;
  #teams = 0;

  /** `trace` gets a line for everything that happens. */
  constructor(seed: number, checks: RuleChecks, trace: (line: string) => void = () => {}) {
    this.#startedAt = this.time.now;
    this.trace = trace;
    this.random = new SeededRandom(seed);
    this.checks = checks;
    this.generator = new SimulatedGenerator({
      requested: (drawing) => {
        if (this.#asker) this.askers.set(drawing, this.#asker);
        this.onRequested(drawing);
      },
      aborted: (drawing) => this.onAborted(drawing),
    });
  }

  /** Starts the server. Call it once. */
  start(): void {
    this.#server = this.startServer();
    this.serverRules = new CapacityRules(this.#server, this.checks, this.time, () => this.openSessions);
  }

  /** The server; of several, one that works if there is any. */
  get server(): ServerProcess {
    if (!this.#server) throw new Error('The world was not started.');
    return this.#server;
  }

  /** All that run. */
  get servers(): readonly ServerProcess[] {
    return [this.server];
  }

  /** How long it takes at most until the store ends a session that nobody is in, once it is due. */
  get forgottenWithinMs(): number {
    return 0;
  }

  /** Checks that nothing is left in what the servers share. */
  checkEmpty(): void {}

  /** While sessions go on, everything has been done: what a shared store must hold of them. */
  checkStored(): void {}

  /** How long a server may take to learn what another has done. */
  get lagMs(): number {
    return 0;
  }

  /** Whether all servers work, and have noticed who has left. */
  get isRepaired(): boolean {
    const connected = this.open.filter(({ connection }) => connection).length;
    return this.server.isOpen && this.server.connections === connected;
  }

  get jobCounts(): { readonly running: number; readonly waiting: number } {
    return this.server.jobs.counts;
  }

  /** The network, the store and the servers work from now on. */
  repair(): void {
    this.server.sessions.failsNextCommand = false;
  }

  /** The session as the server has it that the tab is connected to. */
  viewOf(tab: Tab): Session | undefined {
    const server = tab.connection && this.reached.get(tab.connection);
    return server?.session(tab.state.sessionId ?? '');
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
    this.eventEnded();
    this.checks.throwIfBroken();
  }

  protected eventEnded(): void {
    for (const session of this.sessions.values()) session.checkDrawings();
    this.serverRules?.eventEnded(this.#awaitedImages);
  }

  /** Sends a preview of a drawing to the server. */
  preview(drawing: Drawing, byteLength: number): void {
    const image = this.generator.paint(drawing, 'partial', byteLength);
    drawing.partials += 1;
    drawing.context.onProgress({ phase: 'partial', image });
  }

  /** Of every server. */
  get wallClocks(): readonly WallClock[] {
    return [this.server.wallClock];
  }

  /** Of servers that disagree, the one that is behind, for as long as the last of them was set. */
  get #slowestClock(): WallClock {
    const clocks = this.wallClocks;
    return {
      now: Math.min(...clocks.map(({ now }) => now)),
      unsetMs: Math.min(...clocks.map(({ unsetMs }) => unsetMs)),
    };
  }

  /** Checks what has changed in the sessions. Called so often that few changes are seen together. */
  observe(): void {
    for (const rules of this.sessions.values()) {
      rules.isGone ||= this.observed(rules.session.id) !== rules.session;
      rules.observe(this.time.now, this.#slowestClock);
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
        this.start();
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

  /** The session as the rules look at it; undefined when there is none. */
  protected observed(sessionId: string): ObservedSession | undefined {
    return this.server.session(sessionId);
  }

  /** Whether a server can't reach what it shares with others, or could not a moment ago. */
  protected isDisturbed(_server: ServerProcess | undefined): boolean {
    return false;
  }

  /** The server that a tab reaches now. */
  protected serverFor(_tab: Tab): ServerProcess | undefined {
    return this.server.isOpen ? this.server : undefined;
  }

  protected startServer(stores?: Stores, memoryBytes?: number): ServerProcess {
    const { time, random, generator, checks } = this;
    const { name, model, demo, maxTries, capabilities } = generator;
    const noted: Generator = {
      ...{ name, model, demo, maxTries, capabilities },
      generate: (request, context) => {
        this.#asker = server;
        return generator.generate(request, context);
      },
    };
    const server: ServerProcess = new ServerProcess({
      time,
      random,
      ...(stores && { stores }),
      ...(memoryBytes !== undefined && { memoryBytes }),
      generator: noted,
      newId: () => this.newId(),
      observer: {
        executing: (caller, command) => this.#onExecuting(caller, command),
        reserved: (bytes, reservation) => this.serverRules?.reserved(bytes, reservation),
        ended: (event) => this.#onEnded(event),
        failed: (error) => {
          const isExpected = isInjected(error) || this.expectedErrors.has(error);
          checks.check('R8', isExpected, () => `the server logged ${inspect(error)}`);
        },
      },
    });
    return server;
  }

  protected get openSessions(): SessionRules[] {
    return [...this.sessions.values()].filter(({ isGone }) => !isGone);
  }

  #onExecuting(caller: Caller, command: Command): (answer: Answer) => void {
    const rules = this.sessions.get(caller.sessionId);
    const accepted = rules?.executing(command, caller);
    const answered = this.serverRules?.executing(caller.participant.id, rules, command);
    return (answer) => {
      answered?.(answer);
      if (answer.accepted) accepted?.();
    };
  }

  #onEnded(event: EndedEvent): void {
    const rules = this.sessions.get(event.sessionId);
    if (!rules) return;
    this.observe();
    this.serverRules?.ended(rules, event);
  }

  protected onRequested(drawing: Drawing): void {
    this.observe();
    const { prompt } = drawing.request;
    const owner = this.openSessions.find(({ session: { state } }) => {
      return state.stage === 'generating' && state.generation.prompt === prompt;
    });
    this.checks.check('R11', owner !== undefined, () => `drawing ${drawing.number} is for no session`);
    if (owner) this.owners.set(drawing, owner);
    owner?.requested(drawing);
    this.serverRules?.check(this.#awaitedImages);
  }

  protected onAborted(drawing: Drawing): void {
    this.observe();
    this.owners.get(drawing)?.aborted(drawing, this.server.drainingMs);
  }

  /** A session is known from its first `welcome` on. */
  #onJoined(sessionId: string, tab: Tab, how?: 'refused'): SessionRules | undefined {
    const session = this.observed(sessionId);
    const known = this.sessions.get(sessionId);
    const rules =
      known ?? (session && new SessionRules(session, tab.team, this.checks, this.generator, () => this.lagMs));
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
      trace: (line) => this.note(`tab ${tab.number} ${line}`),
      observe: () => this.observe(),
      joined: (sessionId, how) => {
        const isBusy = how === 'refused' && this.isDisturbed(this.reached.get(connection));
        return isBusy ? undefined : this.#onJoined(sessionId, tab, how);
      },
      sessionOf: (sessionId) => this.sessions.get(sessionId),
      isDraining: () => this.reached.get(connection)?.drainingMs !== undefined,
      onWant: (participantId) => this.serverRules?.wanted(participantId),
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
      const server = tab.network === 'refuses' ? undefined : this.serverFor(tab);
      if (!server) return connection.refuse();
      this.reached.set(connection, server);
      server.connect(connection.server, 'here');
      connection.accept();
    });
  }

  /** Over HTTP. The network holds nothing back here: what it breaks are connections. */
  #download(tab: Tab, path: string): Promise<Uint8Array<ArrayBuffer>> {
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array<ArrayBuffer>>();
    if (tab.network === 'swallows') return promise;
    this.time.after(2 * tab.speed.latencyMs, () => {
      const [, sessionId = '', imageId = ''] = path.split('/');
      const server = tab.network === 'works' ? this.serverFor(tab) : undefined;
      const fail = () => reject(new TypeError('Failed to fetch'));
      this.time.after(DOWNLOAD_WITHIN_MS, fail);
      void Promise.resolve(server?.sessions.open(sessionId))
        .then((session) => session?.loadImage(imageId))
        .then((image) => (image ? resolve(Uint8Array.from(image.bytes)) : fail()), fail);
    });
    return promise;
  }

  /** Tells whoever traces the schedule. */
  protected note(line: string): void {
    this.trace(`${Math.round(this.time.now - this.#startedAt)} ms ${line}`);
  }
}
