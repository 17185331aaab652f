import type { IncomingHttpHeaders } from 'node:http';
import type { Identity } from '../../survey.ts';
import type { Endpoint } from '../cluster.ts';
import type { RemoteException } from '../remote-exception.ts';

/** A call that is about to be sent to an endpoint. */
export interface AuthRequest {
  readonly endpoint: Endpoint;
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** The name of the WebHDFS operation, or the path of a servlet such as `/jmx`. */
  readonly operation: string;
}

/** What is added to a call. Goes to that endpoint only, never along with a redirect. */
export interface Credentials {
  readonly headers?: Readonly<Record<string, string>>;
  readonly parameters?: Readonly<Record<string, string>>;
}

/** What an endpoint replied to a call with credentials. */
export interface AuthReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** What the body tells, when the status is not one of success. */
  readonly exception?: RemoteException;
}

/** Proves to the endpoints of one cluster who asks. Called concurrently. */
export interface Authentication {
  /** Rejects with a StoreError `authentication-failed` that says what to do. */
  credentialsFor(request: AuthRequest): Promise<Credentials>;
  /**
   * Is told of every reply to a call with credentials (cookies, 401, refused tokens). True: the call was refused
   * before it did anything, for lack of credentials that can be had now; it is then sent once more.
   */
  replied(request: AuthRequest, credentials: Credentials, reply: AuthReply): Promise<boolean>;
  describe(): Promise<Identity>;
  /**
   * Sees to it that the proof outlives what a swap may take, by a fresh one if need be. Rejects with a StoreError
   * `credentials-ending` where none can be had: then no swap may begin.
   */
  assureForSwap(): Promise<void>;
  /** Gives back what is of no use to anybody else, such as a token. Never rejects; to be called once, at the end. */
  close(): Promise<void>;
}

/** Sends what authentication itself needs: one request, without credentials of the client, without repetition. */
export interface AuthTransport {
  /** Over the same TLS, connections and limits as every call. Rejects with a StoreError when nothing is answered. */
  send(request: {
    readonly endpoint: Endpoint;
    readonly method: 'GET' | 'PUT' | 'POST';
    /** Path and query below the endpoint's `/webhdfs/v1`: `/?op=GETDELEGATIONTOKEN`. */
    readonly target: string;
    readonly headers?: Readonly<Record<string, string>>;
  }): Promise<{
    readonly status: number;
    readonly headers: IncomingHttpHeaders;
    readonly body: Buffer;
  }>;
}
