/** The record as people read it: what was decided, and the pictures that it is about. The same for the dialog and for paper. */
import { html, nothing, type TemplateResult } from 'lit';
import type { Attempt, RecordEntry } from '../../../shared/model.ts';
import { list, shortDigest, timestamp } from '../../model/formats.ts';
import { chosenOptions } from '../../model/option-labels.ts';
import { attemptNumber } from '../../model/sentences.ts';
import { attemptsIn, type RecordedPicture, recordedPictures, withdrawnIn } from '../../model/session-record.ts';
import type { Texts } from '../../model/texts.ts';
import type { SessionState } from '../../session/session-state.ts';
import { person } from '../ui/person.ts';

/** The differences between the dialog and paper. */
export interface RecordParts {
  readonly thumbnail: (picture: RecordedPicture) => TemplateResult | typeof nothing;
  /** A text of somebody's, of any length. */
  readonly text: (text: string) => TemplateResult;
  readonly digest: (sha256: string) => TemplateResult;
  /** The name of a picture in a sentence. */
  readonly reference: (imageId: string, label: unknown) => unknown;
}

export function recordView(t: Texts, session: SessionState, parts: RecordParts): TemplateResult {
  const { record, snapshot } = session;
  const pictures = recordedPictures(session);
  const withdrawn = withdrawnIn(record);
  const entries = { t, session, parts, pictures, withdrawn };
  const missing = (snapshot?.recordLength ?? 0) - record.length;
  return html`<p class="outcome">${outcome(t, session)}</p>
    ${missing > 0 ? html`<p class="soft" role="status">${t('record.incomplete', { count: missing })}</p>` : nothing}
    <ol class="entries">
      ${record.map((entry) => entryView(entry, entries))}
    </ol>
    ${
      pictures.length === 0
        ? nothing
        : html`<h3>${t('record.pictures')}</h3>
          <ul class="pictures">
            ${pictures.map((picture) => pictureView(t, session, picture, parts))}
          </ul>`
    }`;
}

function outcome(t: Texts, { snapshot, record }: SessionState): string {
  const needed = snapshot?.approvalsNeeded ?? 1;
  const needs = needed > 1 ? ` ${t('record.needed', { count: needed })}` : '';
  if (snapshot?.stage !== 'final') return t('record.open') + needs;
  const { approved } = snapshot;
  if (!approved) return t('record.isDeclined') + needs;
  const decision = record.findLast((entry) => entry.kind === 'approved' && entry.imageId === approved.imageId);
  return t('record.isApproved', { number: decision?.kind === 'approved' ? decision.number : 0 }) + needs;
}

interface EntryContext {
  readonly t: Texts;
  readonly session: SessionState;
  readonly parts: RecordParts;
  readonly pictures: readonly RecordedPicture[];
  /** Ids of decisions. */
  readonly withdrawn: ReadonlySet<string>;
}

function entryView(entry: RecordEntry, context: EntryContext): TemplateResult {
  const { t, parts, pictures, withdrawn } = context;
  const isDecision = entry.kind === 'approved' || entry.kind === 'changes_requested' || entry.kind === 'declined';
  const isWithdrawn = isDecision && withdrawn.has(entry.entryId);
  const picture = 'imageId' in entry && pictures.find(({ attempt }) => attempt.image.imageId === entry.imageId);
  return html`<li class=${`entry ${entry.kind}${isWithdrawn ? ' withdrawn-later' : ''}`}>
    <span class="thumbnail">${picture ? parts.thumbnail(picture) : nothing}</span>
    <div>
      <p class="sentence">${sentence(entry, context)} ${isWithdrawn ? html`<span class="tag">${t('record.wasWithdrawn')}</span>` : nothing}</p>
      ${isDecision && entry.note !== undefined ? html`<blockquote>${parts.text(entry.note)}</blockquote>` : nothing}
      <p class="small soft figures">${meta(entry, context)}</p>
    </div>
  </li>`;
}

/** The author of an entry, and the act. */
function sentence(entry: RecordEntry, { t, parts }: EntryContext): unknown {
  switch (entry.kind) {
    case 'approved':
    case 'changes_requested':
    case 'declined': {
      const { by: name, number, imageId } = entry;
      const picture = (label: readonly unknown[]) => parts.reference(imageId, label);
      return t.rich(`record.${entry.kind}`, { name, number, person, picture });
    }
    case 'withdrawn': {
      const { by: name, number, imageId, decision } = entry;
      const picture = (label: readonly unknown[]) => parts.reference(imageId, label);
      return t.rich('record.withdrawn', { name, number, decision, person, picture });
    }
    case 'approvals_changed':
      return t.rich('record.approvals_changed', { name: entry.by, count: entry.approvals, person });
    case 'invited':
    case 'revoked': {
      const { by: name, invitee } = entry;
      return t.rich(`record.${entry.kind}`, { name, invitee: invitee.name, role: invitee.role, person });
    }
    case 'forgotten': {
      const numbers = entry.numbers.map((number) => attemptNumber(t, { number }));
      return t('record.forgotten', { count: numbers.length, numbers: list(t, numbers) });
    }
    case 'unknown':
      return t('record.unknown');
  }
}

/** As what they did it, when, and about which bytes: a number may be given again after a start over. */
function meta(entry: RecordEntry, { t, session }: EntryContext): unknown {
  const role = 'role' in entry && entry.role !== 'unknown' ? t(`role.${entry.role}`) : undefined;
  const time = html`<time datetime=${entry.at}>${timestamp(t, entry.at)}</time>`;
  const digest = 'sha256' in entry ? html`<code>${shortDigest(entry.sha256)}</code>` : undefined;
  const uncounted = isUncounted(entry, session) ? t('record.notCounted') : undefined;
  const facts = [role, time, digest, uncounted].filter((fact) => fact !== undefined);
  return facts.map((fact, at) => html`${at > 0 ? ' · ' : nothing}<span class="fact">${fact}</span>`);
}

const isUncounted = (entry: RecordEntry, { snapshot }: SessionState): boolean =>
  entry.kind === 'approved' && !entry.counts && (snapshot?.approvalsNeeded ?? 1) > 1;

/** Longer texts may be divided between two sheets of paper. */
const TEXTS_ON_ONE_SHEET = 1_000;

function pictureView(t: Texts, session: SessionState, picture: RecordedPicture, parts: RecordParts): TemplateResult {
  const { attempt, origin, state } = picture;
  const { image, finishedAt } = attempt;
  const facts: [string, unknown][] = [
    ...(origin ? [[t('record.madeFrom'), originText(t, origin)] as [string, unknown]] : []),
    ...optionFacts(t, session, attempt),
    [t('record.drawn'), html`<time datetime=${finishedAt}>${timestamp(t, finishedAt)}</time>`],
    ['SHA-256', parts.digest(image.sha256)],
  ];
  const texts = textsOf(t, session, picture);
  const length = texts.reduce((sum, [, text]) => sum + text.length, 0);
  return html`<li class=${`picture${length <= TEXTS_ON_ONE_SHEET ? ' short' : ''}`} data-image=${image.imageId}>
    <div class="head">
      <div class="thumbnail">
        ${parts.thumbnail(picture)}
        ${state === 'gone' ? html`<p class="small soft">${t('record.gone')}</p>` : nothing}
        ${state === 'missing' ? html`<p class="small soft">${t('record.missing')}</p>` : nothing}
      </div>
      <div class="about">
        <h4 class="figures" tabindex="-1">${attemptNumber(t, attempt)}</h4>
        <dl class="facts small figures">
          ${facts.map(([term, value]) => html`<dt>${term}</dt><dd>${value}</dd>`)}
        </dl>
      </div>
    </div>
    <dl class="texts small">
      ${texts.map(([term, text]) => html`<dt>${term}</dt><dd>${parts.text(text)}</dd>`)}
    </dl>
  </li>`;
}

/** As sent, and as the model rewrote it. A long prompt that an earlier picture had as well stands there. */
function textsOf(t: Texts, { record }: SessionState, { attempt }: RecordedPicture): [string, string][] {
  const { prompt, feedback, revisedPrompt } = attempt;
  const first = attemptsIn(record).find((one) => one.prompt === prompt);
  const isRepeated = first && first.image.imageId !== attempt.image.imageId && prompt.length > TEXTS_ON_ONE_SHEET;
  return [
    ...(feedback === undefined ? [] : [[t('record.feedback'), feedback] as [string, string]]),
    [t('facts.prompt'), isRepeated ? t('record.samePrompt', { number: first.number }) : prompt],
    ...(revisedPrompt ? [[t('facts.revisedPrompt'), revisedPrompt] as [string, string]] : []),
  ];
}

const originText = (t: Texts, { verb, number }: NonNullable<RecordedPicture['origin']>): string =>
  number === undefined ? t(`changes.${verb}Dropped`) : t(`changes.${verb}`, { number });

function optionFacts(t: Texts, { welcome }: SessionState, { options, image }: Attempt): [string, string][] {
  const { model = welcome?.generator.model, ...others } = options;
  const { width, height } = image;
  return [
    ...(model ? [[t('facts.drawnBy'), model] as [string, string]] : []),
    ...chosenOptions(t, others),
    [t('facts.image'), t('compare.pixels', { width, height })],
  ];
}
