/** `/embed.js`: loading it gives a page the element `<proof-room>`. */
import './components/room/proof-room.ts';
