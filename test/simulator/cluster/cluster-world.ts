/** Several servers on one store, each behind a network of its own. Tabs reach any of them. The store's documents are the truth. */
import type { Clock } from '../../../server/platform/clock.ts';
import { allAttempts } from '../../../server/session/attempts.ts';
import type { SessionDocument } from '../../../server/session/session-document.ts';
import type { Command } from '../../../shared/protocol.ts';
import type { RuleChecks } from '../rule-checks.ts';
import { checkRequest } from '../rules/request-rules.ts';
import type { SessionRules } from '../rules/session-rules.ts';
import { limits, type ServerProcess, type WallClock } from '../server-process.ts';
import { type Drawing, requestIn } from '../simulated-generator.ts';
import { pick } from '../steps.ts';
import type { Tab } from '../tab.ts';
import { World } from '../world.ts';
import { ClusterRules } from './cluster-rules.ts';
import type { ClusterStep, Everywhere } from './cluster-steps.ts';
import { type Ordered, SharedSession } from './shared-session.ts';
import { type ServerStores, SharedStores } from './shared-stores.ts';
import { StoreNetwork } from './store-network.ts';

const SERVERS = 3;
/** A server that is cut off for longer loses its jobs to others. */
const JOBS_LOST_MS = 5_000;

/** A server may know what others did so long after its way to the store works again. */
const DISTURBED_MS = 8_000;

/** How long it may take until a server that works has learned what another did, and has told its tabs. */
const LAG_MS = 12_000;

/** A server tells of each image that it stores, and drops those that a change has taken away, within this time. */
const UNTOLD_MS = 3_000;

/** A server with its way to the store. */
export interface Node {
  readonly process: ServerProcess;
  readonly network: StoreNetwork;
  readonly stores: ServerStores;
}

const isAround = (at = Number.NaN, stop = Number.NaN): boolean => Math.abs(stop - at) < UNTOLD_MS;

const wasDisturbed = ({ network }: Node): boolean => network.isDisturbed || Number.isFinite(network.disturbedAt);

export class ClusterWorld extends World {
  readonly stores: SharedStores;
  readonly shared = new Map<string, SharedSession>();
  #nodes: Node[] = [];
  #rules: ClusterRules | undefined;
  #names = 0;
  /** The servers that were drained or killed, and when. */
  readonly #stops = new Map<string | undefined, number>();
  /** A server has stopped that a call to the store may have failed for. */
  #stoppedDisturbed = false;
  /** When each image was stored. */
  readonly #storedAt = new Map<string, number>();
  readonly #changes: { readonly sessionId: string; readonly serverId: string; readonly at: number }[] = [];

  constructor(seed: number, checks: RuleChecks, trace?: (line: string) => void) {
    super(seed, checks, trace);
    const { time } = this;
    const clock: Clock = {
      now: () => Math.floor(time.now),
      monotonic: () => time.now,
      after: (ms, run) => time.after(ms, run),
      every: () => {
        throw new Error('The store repeats nothing.');
      },
    };
    this.stores = new SharedStores(clock, limits, {
      committed: (sessionId, document, serverId) => {
        this.#changes.push({ sessionId, serverId, at: time.now });
        this.#onCommitted(sessionId, document);
      },
      removed: (sessionId) => {
        this.shared.get(sessionId)?.removed(time.now);
        this.observe();
      },
      imageStored: (imageId, bytes) => {
        this.#storedAt.set(imageId, time.now);
        const request = requestIn(bytes);
        if (request) this.#rules?.imageStored(bytes);
      },
    });
  }

  override start(): void {
    this.#rules = new ClusterRules(this);
    this.serverRules = this.#rules;
    for (let index = 0; index < SERVERS; index += 1) this.#nodes.push(this.#startNode());
  }

  get nodes(): readonly Node[] {
    return this.#nodes;
  }

  override get servers(): readonly ServerProcess[] {
    return this.#nodes.map(({ process }) => process).filter(({ isGone }) => !isGone);
  }

  override get server(): ServerProcess {
    const all = this.#nodes.map(({ process }) => process);
    const server = all.find(({ isOpen }) => isOpen) ?? all[0];
    if (!server) throw new Error('The world was not started.');
    return server;
  }

  override get lagMs(): number {
    const isRecent = (ms: number) => this.time.now - ms < LAG_MS;
    const isDisturbed = this.#nodes.some(({ network }) => network.isDisturbed || isRecent(network.disturbedAt));
    return isDisturbed ? Number.POSITIVE_INFINITY : LAG_MS;
  }

  override get forgottenWithinMs(): number {
    return 180_000;
  }

  override get jobCounts() {
    return this.stores.jobs.counts;
  }

  override get isRepaired(): boolean {
    const connected = this.open.filter(({ connection }) => connection).length;
    const connections = this.servers.reduce((sum, server) => sum + server.connections, 0);
    const areOpen = this.#nodes.every(({ process }) => process.isOpen && !this.isDisturbed(process));
    return areOpen && connections === connected && this.#isPresenceKnown;
  }

  /** Every server that has a session open agrees with the connections about who is in it. */
  get #isPresenceKnown(): boolean {
    return [...this.shared.values()].every(({ id, viewers }) =>
      this.servers.every((server) => {
        const here = server.session(id)?.viewers ?? viewers;
        return here.reviewers === viewers.reviewers && here.watchers === viewers.watchers;
      }),
    );
  }

  override repair(): void {
    for (const { process, network } of this.#nodes) {
      process.sessions.failsNextCommand = false;
      // One that is cut off has lost its jobs, and is back soon by itself.
      if (!network.isCut) network.heal();
    }
  }

  override checkEmpty(): void {
    const { usedBytes } = this.stores.images.memory;
    this.checks.check('R7', usedBytes === 0, () => `${usedBytes} bytes are left in the store`);
    const { spentAsks } = this.stores;
    const billed = this.generator.drawings.filter(({ isRefused }) => !isRefused).length;
    this.checks.check('S9', spentAsks >= billed, () => `${billed} images may be billed, and ${spentAsks} count`);
    const left = [...this.shared.values()].filter(({ removedAt }) => removedAt === undefined);
    this.checks.check('R7', left.length === 0, () => `${left.length} sessions are left in the store`);
  }

  /**
   * Images that a server could not drop expire with their session, and so do those that it was stopped before it told of, or before it
   * dropped them after a change.
   */
  override checkStored(): void {
    if (this.#stoppedDisturbed || this.#nodes.some(wasDisturbed)) return;
    const stops = [...this.#stops.values()];
    for (const { id, state, removedAt } of this.shared.values()) {
      const changes = this.#changes.filter(({ sessionId }) => sessionId === id);
      const isUncertain = changes.some(({ serverId, at }) => isAround(at, this.#stops.get(serverId)));
      if (removedAt !== undefined || isUncertain) continue;
      const kept = new Set(allAttempts(state).map(({ image }) => image.imageId));
      const stored = [...(this.stores.images.sessions.get(id)?.keys() ?? [])].filter(
        (imageId) => kept.has(imageId) || !stops.some((stop) => isAround(this.#storedAt.get(imageId), stop)),
      );
      const areAllKept = stored.length === kept.size;
      this.checks.check('R7', areAllKept, () => `${stored} are in the store, and the session has ${[...kept]}`);
    }
  }

  override restart(downMs: number, isDrained: boolean): void {
    this.stop(this.random.below(SERVERS), downMs, isDrained);
  }

  /** A server stops, and another one starts in its place `downMs` after its end. */
  stop(index: number, downMs: number, isDrained: boolean): void {
    const node = this.#nodes[index];
    if (!node || node.process.isGone || (isDrained && !node.process.isOpen)) return;
    this.#stops.set(node.stores.sharing?.serverId, this.time.now);
    const startAgain = () => {
      this.note(`server ${index} has stopped`);
      for (const [drawing, process] of this.askers) if (process === node.process) drawing.isSettled = true;
      this.#stoppedDisturbed ||= wasDisturbed(node);
      node.network.end();
      node.stores.lapse();
      this.time.after(downMs, () => {
        this.#nodes[index] = this.#startNode();
      });
    };
    if (isDrained) return node.process.drain(startAgain);
    node.process.kill();
    startAgain();
  }

  async performHere(step: ClusterStep): Promise<void> {
    switch (step.does) {
      case 'kill':
        this.stop(step.server, step.downMs, false);
        break;
      case 'drain':
        this.stop(step.server, step.downMs, true);
        break;
      case 'kill drawer': {
        const drawing = pick(
          this.generator.drawings.filter(({ isLive }) => isLive),
          step.drawing,
        );
        if (drawing) this.#killServer(this.askers.get(drawing), step.downMs);
        break;
      }
      case 'kill server of': {
        const tab = pick(this.active, step.tab);
        if (tab?.connection) this.#killServer(this.reached.get(tab.connection), step.downMs);
        break;
      }
      case 'command everywhere':
        this.#commandEverywhere(step);
        break;
      case 'type everywhere':
        this.#typeEverywhere(step.tab);
        break;
      default:
        this.#disturb(step);
    }
    await this.settle();
  }

  nodeOf(process: ServerProcess | undefined): Node | undefined {
    return this.#nodes.find((node) => node.process === process);
  }

  /** What a drawing is for; undefined for nothing that anybody asked for. */
  orderOf({ attempt, request: { prompt } }: Drawing): Ordered | undefined {
    for (const { ordered } of this.shared.values()) {
      const found = ordered.find(
        ({ generation, firstAttempt }) =>
          generation.prompt === prompt && attempt >= firstAttempt && attempt < firstAttempt + generation.candidates,
      );
      if (found) return found;
    }
    return undefined;
  }

  protected override observed(sessionId: string): SharedSession | undefined {
    const session = this.shared.get(sessionId);
    return session?.removedAt === undefined ? session : undefined;
  }

  override get wallClocks(): readonly WallClock[] {
    return this.servers.map(({ wallClock }) => wallClock);
  }

  /** A proxy sends each connection to any server, in turn at random. */
  protected override serverFor(_tab: Tab): ServerProcess | undefined {
    const process = this.#nodes[this.random.below(SERVERS)]?.process;
    return process?.isOpen ? process : undefined;
  }

  override isDisturbed(server: ServerProcess | undefined): boolean {
    const network = this.nodeOf(server)?.network;
    return !network || network.isDisturbed || this.time.now - network.disturbedAt < DISTURBED_MS;
  }

  protected override eventEnded(): void {
    this.#rules?.eventEnded();
  }

  protected override onRequested(drawing: Drawing): void {
    this.observe();
    const order = this.orderOf(drawing);
    this.checks.check('R11', order !== undefined, () => `drawing ${drawing.number} is for no generation`);
    if (!order) return;
    checkRequest(drawing.request, order.generation, order.state, this.checks);
    this.#rules?.requested(drawing, order);
  }

  protected override onAborted(drawing: Drawing): void {
    this.observe();
    this.#rules?.aborted(drawing);
  }

  #startNode(): Node {
    const network = new StoreNetwork(this.time, this.random);
    this.#names += 1;
    const stores = this.stores.forServer(`server${this.#names}`, network);
    return { process: this.startServer(stores, 3 * limits.IMAGE_MEMORY_BYTES), network, stores };
  }

  #killServer(process: ServerProcess | undefined, downMs: number): void {
    const index = this.#nodes.findIndex((node) => node.process === process);
    if (index >= 0) this.stop(index, downMs, false);
  }

  #disturb(step: Extract<ClusterStep, { does: 'cut off' | 'slow store' | 'miss notices' | 'lose answers' }>): void {
    const node = this.#nodes[step.server];
    if (!node || node.process.isGone || node.network.isDisturbed) return;
    const { network, stores } = node;
    switch (step.does) {
      case 'cut off':
        network.cut();
        if (step.ms > JOBS_LOST_MS) stores.loseJobs();
        break;
      case 'slow store':
        network.latencyMs = step.latencyMs;
        break;
      case 'miss notices':
        network.missNotices();
        break;
      case 'lose answers':
        return network.loseAnswers(step.count);
    }
    this.time.after(step.ms, () => network.heal());
  }

  #typeEverywhere(index: number): void {
    const team = this.#teamOf(pick(this.active, index));
    for (const tab of team) {
      tab.focus(true);
      tab.type(`[${tab.team}] ${this.newId('text ')}`);
    }
    for (const { connection } of team) connection?.up.flush();
  }

  #teamOf(tab: Tab | undefined): readonly Tab[] {
    return this.open.filter((one) => one.team === tab?.team && one.mayDecide && one.isUsable);
  }

  #commandEverywhere({ tab: index, isSame, which }: Extract<ClusterStep, { does: 'command everywhere' }>): void {
    const tab = pick(this.active, index);
    if (!tab) return;
    const team = this.#teamOf(tab);
    const one = this.#commandOf(which, tab);
    for (const { connection } of team) {
      const command = isSame ? one : this.#commandOf(which, tab);
      if (command) connection?.inject(JSON.stringify(command));
    }
    for (const { connection } of team) connection?.up.flush();
  }

  #commandOf(which: Everywhere, { state, team }: Tab): Command | undefined {
    const { snapshot } = state;
    const commandId = this.newId('everywhere');
    const turn = snapshot?.turn;
    const common = { commandId, ...(turn !== undefined && { turn }) };
    switch (which) {
      case 'generate': {
        const type = snapshot?.stage === 'user_feedback' ? 'regenerate' : 'generate';
        return { type, ...common, prompt: `[${team}] ${this.newId('prompt ')}` };
      }
      case 'approve': {
        const { imageId, sha256 } = snapshot?.image ?? {};
        return imageId === undefined || sha256 === undefined
          ? undefined
          : { type: 'approve', ...common, imageId, sha256 };
      }
      case 'cancel':
        return { type: 'cancel', ...common };
      case 'start over':
        return { type: 'start_over', ...common };
      case 'require approvals':
        return { type: 'require_approvals', commandId, approvals: 1 + this.random.below(3) };
    }
  }

  #onCommitted(sessionId: string, document: SessionDocument): void {
    const known = this.shared.get(sessionId);
    if (!known) {
      const presence = () => this.#presenceIn(sessionId);
      this.shared.set(sessionId, new SharedSession(sessionId, document, this.stores, presence));
      return;
    }
    known.become(document, this.time.now);
    this.observe();
  }

  #presenceIn(sessionId: string) {
    return [...this.connectionRules].flatMap(([connection, { presence }]) => {
      const isOpen = connection.server.readyState === connection.server.OPEN;
      return presence?.sessionId === sessionId && isOpen ? [presence] : [];
    });
  }

  get allRules(): readonly SessionRules[] {
    return this.openSessions;
  }
}
