/** The dialogs that open above a review. `parts.ts` says when they are loaded. */
import { statusBehindDialog } from '../../model/sentences.ts';
import { startOverQuestion } from './questions.ts';
import '../compare/compare.ts';
import '../record/record-dialog.ts';
import './confirm-dialog.ts';
import './make-room-dialog.ts';
import './name-dialog.ts';
import './people-dialog.ts';
import './share-dialog.ts';
import './shortcuts-dialog.ts';

export const dialogs = { startOverQuestion, statusBehindDialog };
