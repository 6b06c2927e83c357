/** Provides the English texts to components that a test shows without a `<proof-room>` around them, and loads all parts of the room. */
import { ContextProvider } from '@lit/context';
import { dialogsPart, sessionPart, stagesPart } from '../../client/components/room/parts.ts';
import { textsContext } from '../../client/components/ui/localized-element.ts';
import { english } from './texts.ts';

new ContextProvider(document.documentElement, { context: textsContext, initialValue: english });

await Promise.all([sessionPart.load(), stagesPart.load(), dialogsPart.load()]);
