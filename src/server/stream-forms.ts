import type { Request } from 'express';

/** How the answers of one operation are written into one HTTP response, as they come. */
export interface StreamForm {
  transport: 'sse' | 'multipart';
  contentType: string;
  /** Before the first answer. */
  begin: string;
  /** One answer as JSON; `seq` is the number of its event, where it has one. */
  next(json: string, seq: number | undefined): string;
  /** A sign of life, which clients do not show. */
  alive: string;
  /** After the last answer. A response that ends without it was cut. */
  end: string;
}

/** GraphQL over SSE, each operation on a connection of its own. `Last-Event-ID` can name an event by its `seq`. */
const SERVER_SENT_EVENTS: StreamForm = {
  transport: 'sse',
  contentType: 'text/event-stream; charset=utf-8',
  begin: '',
  next: (json, seq) => `${seq === undefined ? '' : `id: ${seq}\n`}event: next\ndata: ${json}\n\n`,
  alive: ':\n\n',
  end: 'event: complete\ndata:\n\n',
};

/** Apollo's multipart protocol for subscriptions over HTTP, version 1.0: what `HttpLink` of Apollo Client asks for. */
const MULTIPART: StreamForm = {
  transport: 'multipart',
  contentType: 'multipart/mixed; boundary="graphql"; subscriptionSpec=1.0',
  begin: '\r\n--graphql',
  next: (json) => part(`{"payload":${json}}`),
  alive: part('{}'),
  end: '--\r\n',
};

/** A part with the boundary that ends it, since clients read a part only when that has come. */
function part(json: string): string {
  return `\r\nContent-Type: application/json\r\n\r\n${json}\r\n--graphql`;
}

const ANSWERS = ['application/graphql-response+json', 'application/json', 'text/event-stream'];

/** The form in which a request would rather be answered than as JSON; undefined where JSON is as good. */
export function streamForm(request: Request): StreamForm | undefined {
  // Only this parameter tells those who can read subscriptions from those who take any multipart answer, as urql does.
  if (/multipart\/mixed[^,]*;\s*subscriptionSpec="?1\.0/i.test(request.headers.accept ?? '')) return MULTIPART;
  return request.accepts(ANSWERS) === 'text/event-stream' ? SERVER_SENT_EVENTS : undefined;
}
