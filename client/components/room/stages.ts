/** What a review shows beyond the prompt of its first picture: see `parts.ts`. */
import { announcement, keptSentence } from '../../model/sentences.ts';
import { viewerContent } from '../../model/viewer-content.ts';
import { quote, stagePanel } from '../sidebar/stage-panel.ts';
import { viewer } from '../viewer/viewer.ts';
import '../notices/error-notice.ts';
import '../notices/forgotten-notice.ts';
import '../notices/rejection-notice.ts';
import '../notices/unfinished-notice.ts';
import '../sidebar/approvals-needed.ts';
import '../sidebar/attempt-changes.ts';
import '../sidebar/attempt-facts.ts';
import '../sidebar/cancel-form.ts';
import '../sidebar/inspector.ts';
import '../sidebar/picture-tools.ts';
import '../sidebar/refine-form.ts';

export const stages = { announcement, keptSentence, quote, stagePanel, viewer, viewerContent };
