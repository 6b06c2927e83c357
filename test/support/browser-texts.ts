/** Provides the English texts to components that a test shows without a `<proof-room>` around them. */
import { ContextProvider } from '@lit/context';
import { textsContext } from '../../client/components/ui/localized-element.ts';
import { english } from './texts.ts';

new ContextProvider(document.documentElement, { context: textsContext, initialValue: english });
