import { cacheExchange, Client, type CombinedError, fetchExchange, mapExchange } from 'urql';
import { connect, type Osteograph } from '../../../clients/typescript/src/index.ts';
import { SignInEnded } from './session.ts';

export interface ApiClients {
  client: Client;
  /** What is followed, and what is not GraphQL. */
  osteograph: Osteograph;
  /**
   * Posts JSON where an answer is a file.
   *
   * @throws Error with the server's sentence
   */
  download(path: string, body: object): Promise<Response>;
  /**
   * Sends a file as it is.
   *
   * @returns the JSON of the answer
   * @throws Error with the server's sentence
   */
  upload<T>(path: string, file: File, options?: UploadOptions): Promise<T>;
}

export interface UploadOptions {
  /** Told of the part that has arrived, 0 to 1. */
  onProgress?: (sent: number) => void;
  signal?: AbortSignal;
}

/**
 * The API for whoever is here: queries and mutations over HTTP, long work by the client package.
 *
 * @param token the one that is good now
 * @param onRefused called when the server no longer takes the token, or there is none any more
 */
export function createClients(token: () => Promise<string>, onRefused: (reason: string) => void): ApiClients {
  const goodToken = () =>
    token().catch((error: unknown) => {
      if (error instanceof SignInEnded) onRefused(error.message);
      throw error;
    });
  const osteograph = connect({ url: location.origin, token: goodToken });
  const client = new Client({
    url: '/graphql',
    preferGetMethod: false,
    fetch: async (input, init) => {
      const headers = new Headers(init?.headers);
      headers.set('authorization', `Bearer ${await goodToken()}`);
      return fetch(input, { ...init, headers });
    },
    exchanges: [
      mapExchange({
        onError: (error) => {
          if (codeOf(error) === 'UNAUTHENTICATED') onRefused(sentence(error));
        },
      }),
      cacheExchange,
      fetchExchange,
    ],
  });
  const download = (path: string, body: object) =>
    osteograph.fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const upload = async <T>(path: string, file: File, { onProgress, signal }: UploadOptions = {}) => {
    const authorization = `Bearer ${await goodToken()}`;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    // fetch does not tell how far an upload is.
    const request = new XMLHttpRequest();
    request.open('POST', path);
    request.setRequestHeader('authorization', authorization);
    request.setRequestHeader('content-type', 'application/octet-stream');
    request.responseType = 'json';
    request.upload.onprogress = ({ loaded, total }) => onProgress?.(total > 0 ? loaded / total : 0);
    request.upload.onload = () => onProgress?.(1);
    request.onload = () => {
      const answer = request.response as (T & { errors?: { message: string }[] }) | null;
      if (answer && request.status < 300) return resolve(answer);
      if (request.status === 401) onRefused(NOT_KNOWN);
      reject(new Error(answer?.errors?.[0]?.message ?? `The server answered with ${request.status}.`));
    };
    request.onerror = () => reject(new Error(NO_ANSWER));
    request.onabort = () => reject(new Error('The upload was stopped.'));
    signal?.addEventListener('abort', () => request.abort());
    request.send(file);
    return promise;
  };
  return { client, osteograph, download, upload };
}

/** `extensions.code` of the first fault; NETWORK where no answer came. */
export function codeOf(error: CombinedError): string {
  if (error.response?.status === 401) return 'UNAUTHENTICATED';
  const code = error.graphQLErrors[0]?.extensions?.['code'];
  return typeof code === 'string' ? code : 'NETWORK';
}

/** What to tell the user: the API's messages are sentences for people. */
export function sentence(error: CombinedError): string {
  const [first] = error.graphQLErrors;
  if (first) return first.message;
  return error.response?.status === 401 ? NOT_KNOWN : NO_ANSWER;
}

const NOT_KNOWN = 'The server does not know this token, or it has expired.';
const NO_ANSWER = 'The server does not answer. It may be restarting; check the connection and try again.';
