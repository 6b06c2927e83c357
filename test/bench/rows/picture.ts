/** From the click on Generate until a picture of 3 MB is decoded and painted, beyond the model's own time, beside an `<img>` over HTTP. */
import { gradio, img, type PictureOptions, proofroom, streamlit } from '../picture-sides.ts';
import type { Row, Target } from '../row.ts';

const plain: PictureOptions = { api: 'images' };
const streamed: PictureOptions = { api: 'responses' };
const slow: PictureOptions = { api: 'images', slowerBy: 4 };

const figures = (target: Target): Row['figures'] => ({
  shown: { unit: 'ms', target },
  opaque: { unit: 'ms', target },
});

export const rows: readonly Row[] = [
  {
    name: 'picture',
    title: 'Click → picture, plain API',
    figures: figures({ limit: 1.3, peers: 0.5 }),
    sides: {
      Proofroom: proofroom(plain),
      'Proofroom, url': proofroom(plain, 'url'),
      Gradio: gradio(plain),
      Streamlit: streamlit(plain),
      '<img>': img(plain),
    },
    limit: '<img>',
  },
  {
    name: 'picture-streamed',
    title: 'Click → picture, streamed with previews (peers: plain)',
    figures: figures({ limit: 1.3, peers: 0.5 }),
    sides: {
      Proofroom: proofroom(streamed),
      'Proofroom, url': proofroom(streamed, 'url'),
      Gradio: gradio(plain),
      Streamlit: streamlit(plain),
      '<img>': img(streamed),
    },
    limit: '<img>',
  },
  {
    name: 'picture-slow',
    title: 'Click → picture, plain API, on a processor slowed 4 times',
    figures: figures({ limit: 1.5 }),
    sides: { Proofroom: proofroom(slow), 'Proofroom, url': proofroom(slow, 'url'), '<img>': img(slow) },
    limit: '<img>',
  },
];
