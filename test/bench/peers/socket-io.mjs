// Socket.IO, as a server that broadcasts.
import { createServer } from 'node:http';
import { Server } from 'socket.io';
import { offerBroadcasts } from '../stand-ins/broadcasting.ts';

const http = createServer();
const server = new Server(http, { transports: ['websocket'], perMessageDeflate: false });
server.on('connection', (socket) => socket.emit('welcome', 'x'.repeat(1_500)));
http.listen(0, '127.0.0.1', () => offerBroadcasts(http.address().port, (payload) => server.emit('image', payload)));
