/** Who asks: what authentication found out about a request. */
export interface Principal {
  role: 'viewer' | 'admin';
  /** Name of the token, `local` where none is asked for. */
  name: string;
  /** How it was shown: a cookie travels by itself, so it needs proof that our own page sent the request. */
  by: 'open' | 'token' | 'session' | 'ticket';
  /** Whether it still holds; for connections that stay open. */
  isCurrent(): boolean;
}

/** Everybody, where no token is asked for. */
export const LOCAL_ADMIN: Principal = { role: 'admin', name: 'local', by: 'open', isCurrent: () => true };
