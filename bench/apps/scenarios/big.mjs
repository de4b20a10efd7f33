// express with pg, ioredis and grpc-js loaded, as ES module.
import http from 'node:http';
import '@grpc/grpc-js';
import express from 'express';
import 'ioredis';
import 'pg';
import listening from '../listen.cjs';

const app = express();
app.get('/users/:id', (_request, response) => void response.send('hello'));

export const start = () => listening.listen(http.createServer(app));
