/** The access to one session by its latest document: the steps that change it, and the effects of a change on the people who are here. */
import { Access, type AccessChange, type AccessContext, type AccessState, type Admission } from './access.ts';
import { ExpiryTimer, type Invitation, newlyOver } from './invitations.ts';
import type { Caller } from './participants.ts';
import { revokedIn } from './record.ts';
import { type Rejection, reject } from './rejections.ts';
import type { SessionDocument } from './session-document.ts';
import type { SessionParts } from './session-parts.ts';
import type { JoinRequest } from './sessions.ts';
import { machineStep, type Step, stepTo } from './steps.ts';

export class SessionAccess {
  readonly #context: SessionParts;
  readonly #expiries: ExpiryTimer;
  #current: Access;

  constructor(context: SessionParts) {
    this.#context = context;
    this.#current = accessIn(context.latest.current);
    this.#expiries = new ExpiryTimer(context.clock, () => this.#expire());
    this.#expiries.wait(this.#current.invitations);
  }

  get current(): Access {
    return this.#current;
  }

  /** Stops the timer of the expiries. May be called twice. */
  close(): void {
    this.#expiries.stop();
  }

  /** Why a caller who was let in may be here no longer. */
  refusal(caller: Caller): ReturnType<Access['refusal']> {
    return this.#current.refusal(caller, this.#context.clock.now());
  }

  /** The same by a document that may be a later one. */
  refusalIn(document: SessionDocument, caller: Caller): ReturnType<Access['refusal']> {
    return accessIn(document).refusal(caller, this.#context.clock.now());
  }

  /** The grant that this request gives a visitor, or the reason why it gives none. */
  grant(request: JoinRequest): ReturnType<Access['grant']> {
    const now = this.#context.clock.now();
    if (newlyOver(this.#current.invitations, now).length > 0) this.#expire();
    return this.#current.grant(request, now);
  }

  /** The step that lets a visitor in; the participant that they become is given to `onAdmitted`. */
  admissionStep(before: SessionDocument, request: JoinRequest, onAdmitted: (admission: Admission) => void): Step {
    const access = accessIn(before);
    const context = this.#accessContext;
    const grant = access.grant(request, context.now);
    if (typeof grant === 'string') return { answer: reject(grant) };
    const admitted = access.admit(grant, request.name ?? '', context);
    onAdmitted(admitted.admission);
    return stepTo(before, { access: admitted.access });
  }

  commandStep(before: SessionDocument, caller: Caller, command: AccessChange): Step {
    const { subscribers, limits } = this.#context;
    const decision: ReturnType<Access['decide']> | Rejection = accessIn(before).decide(
      caller,
      command,
      this.#accessContext,
      (participantId) => subscribers.find(participantId),
    );
    if ('code' in decision) return { answer: decision };
    const { access, entry } = decision;
    if (access === before.access && !entry) return stepTo(before, {});
    const step = entry
      ? machineStep(before, { type: 'invitation', entry }, limits, { access })
      : stepTo(before, { access });
    return { ...step, done: () => this.#log(caller, command, step.document ?? before) };
  }

  /**
   * The session has another document. Those who may be here no longer are dismissed before anybody hears of it.
   * @returns what the others are told in the end
   */
  follow(document: SessionDocument, before: SessionDocument): () => void {
    const isRevocation = revokedIn(document.state.record).size !== revokedIn(before.state.record).size;
    if (document.access !== before.access || document.state.record !== before.state.record)
      this.#current = accessIn(document);
    const { links, invitations } = before.access;
    const { access } = document;
    // A visitor who was let in changes the names alone, and would cost a look at everybody.
    if (access.links === links && access.invitations === invitations && !isRevocation) return () => {};
    this.#dismissRefused();
    return () => this.#report(before.access, isRevocation);
  }

  get #accessContext(): AccessContext {
    const { limits, newId, clock } = this.#context;
    return { limits, newId, now: clock.now() };
  }

  /** Dismisses the people who may be here no longer. */
  #dismissRefused(): void {
    for (const why of ['revoked', 'invitation_expired', 'link_closed'] as const) {
      this.#context.subscribers.dismiss(why, (caller) => this.refusal(caller) === why);
    }
  }

  #report(before: AccessState, isRevocation: boolean): void {
    const { subscribers } = this.#context;
    const access = this.#current;
    if (access.links !== before.links) {
      subscribers.notify((one, caller) => {
        const links = access.linksFor(caller);
        if (links) one.linksChanged(links);
      });
    }
    if (access.invitations === before.invitations && !isRevocation) return;
    this.#expiries.wait(access.invitations);
    subscribers.notify((one, caller) => {
      const invitations = access.invitationsFor(caller);
      if (invitations) one.invitationsChanged(invitations);
    });
  }

  /** Marks those whose time has come, so that they stay expired though the clock may be set back. */
  #expire(): void {
    this.#dismissRefused();
    void this.#context.settle((before) => {
      const access = accessIn(before);
      const { now } = this.#accessContext;
      const due = newlyOver(access.invitations, now);
      return { ...stepTo(before, { access: access.expire(now) }), done: () => this.#logExpired(due) };
    });
  }

  #log({ participant }: Caller, command: AccessChange, { state }: SessionDocument): void {
    const { telemetry, sessionId } = this.#context;
    const common = { session: sessionId, participant: participant.id };
    if (command.type === 'close_link' || command.type === 'replace_link') {
      telemetry.linkChanged({ ...common, change: command.type, role: command.role });
      return;
    }
    const entry = state.record.at(-1);
    if (entry?.kind !== 'invited' && entry?.kind !== 'revoked') return;
    const { invitationId, role = 'reviewer' } = entry.invitee;
    const invitation = invitationId !== undefined && { invitation: invitationId };
    telemetry.invitationChanged({ ...common, change: entry.kind, role, ...invitation });
  }

  #logExpired(due: readonly Invitation[]): void {
    const { telemetry, sessionId } = this.#context;
    for (const { role, participant, keyId: invitation } of due) {
      const common = { session: sessionId, change: 'expired', role } as const;
      telemetry.invitationChanged({ ...common, participant: participant.id, invitation });
    }
  }
}

const accessIn = ({ access, state }: SessionDocument): Access => new Access(access, state.record);
