/** The values of signals and their keys. Each value is checked, since an older or newer server may have sent it. */
import * as v from 'valibot';
import { EstimatedCost, ImageReference, Person, retryDetails, SentenceParameters, Usage } from '../../shared/model.ts';
import type { GeneratedEvent } from './transition.ts';

const DraftSignal = v.object({
  text: v.string(),
  by: v.string(),
  participantId: v.string(),
  /** How often a command had set the draft when this was typed. */
  draftRevision: v.number(),
});
export type DraftSignal = v.InferOutput<typeof DraftSignal>;

const PeopleSignal = v.object({
  reviewers: v.number(),
  watchers: v.number(),
  people: v.array(Person),
  /** The images that they have open. */
  looks: v.fallback(v.array(v.object({ imageId: v.string(), participantId: v.exactOptional(v.string()) })), []),
});
export type PeopleSignal = v.InferOutput<typeof PeopleSignal>;

const ProgressSignal = v.object({
  generationId: v.string(),
  phase: v.picklist(['queued', 'started', 'drawing', 'retrying']),
  try: v.number(),
  retryAt: v.exactOptional(v.number()),
  reason: v.exactOptional(v.string()),
  reasons: v.exactOptional(v.array(v.object({ detail: v.picklist(retryDetails), params: SentenceParameters }))),
});
export type ProgressSignal = v.InferOutput<typeof ProgressSignal>;

const PartialSignal = v.object({ generationId: v.string(), reference: ImageReference });
export type PartialSignal = v.InferOutput<typeof PartialSignal>;

/** A result, as the machine takes it in: whoever takes the job over looks here first. */
const ResultSignal = v.object({
  type: v.literal('generated'),
  generationId: v.string(),
  candidate: v.number(),
  image: ImageReference,
  more: v.exactOptional(v.array(ImageReference)),
  revisedPrompt: v.exactOptional(v.string()),
  usage: v.exactOptional(Usage),
  estimatedCost: v.exactOptional(EstimatedCost),
  at: v.string(),
});

export type HeardSignal =
  | { readonly kind: 'draft'; readonly draft: DraftSignal }
  | { readonly kind: 'people'; readonly serverId: string; readonly people: PeopleSignal | undefined }
  | { readonly kind: 'progress'; readonly candidate: number; readonly progress: ProgressSignal }
  | { readonly kind: 'partial'; readonly candidate: number; readonly partial: PartialSignal };

export const DRAFT_KEY = 'draft';
export const peopleKey = (serverId: string): string => `people ${serverId}`;
export const progressKey = (candidate: number): string => `progress ${candidate}`;
export const resultKey = (candidate: number): string => `result ${candidate}`;
export const partialKey = (candidate: number): string => `partial ${candidate}`;

/** Undefined for what this server does not understand, and for what is over. */
export function parseSignal(key: string, value: unknown): HeardSignal | undefined {
  const [kind, of = ''] = key.split(' ', 2);
  switch (kind) {
    case 'draft': {
      const { success, output } = v.safeParse(DraftSignal, value);
      return success ? { kind, draft: output } : undefined;
    }
    case 'people': {
      const { success, output } = v.safeParse(v.optional(PeopleSignal), value);
      return success ? { kind, serverId: of, people: output } : undefined;
    }
    case 'progress': {
      const { success, output } = v.safeParse(ProgressSignal, value);
      return success ? { kind, candidate: Number(of), progress: output } : undefined;
    }
    case 'partial': {
      const { success, output } = v.safeParse(PartialSignal, value);
      return success ? { kind, candidate: Number(of), partial: output } : undefined;
    }
    default:
      return undefined;
  }
}

/** Undefined for what is no result. */
export function parseResult(value: unknown): GeneratedEvent | undefined {
  const { success, output } = v.safeParse(ResultSignal, value);
  return success ? output : undefined;
}
