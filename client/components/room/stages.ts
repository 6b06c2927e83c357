/** What a review shows beyond the prompt of its first picture: see `parts.ts`. */
import { viewerContent } from '../../model/viewer-content.ts';
import { sidebarParts } from '../sidebar/sidebar-parts.ts';
import { viewer } from '../viewer/viewer.ts';
import { controlOf, hasOpenDialog, neighbourOf, shortcutOf } from './shortcuts.ts';

const keys = { controlOf, hasOpenDialog, neighbourOf, shortcutOf };

export const stages = { keys, sidebarParts, viewer, viewerContent };
