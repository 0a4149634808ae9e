/** Who is signed in: asked once, and again when an answer says that nobody is. */
import { createContext, type ReactNode, use, useCallback, useEffect, useMemo, useState } from 'react';
import type { Session } from '../../api/contract.ts';
import { paths } from './paths.ts';
import { getJson, isAbort, postJson, RequestFailure, SIGNED_OUT } from './request.ts';

export type SessionState =
  | { state: 'asking' }
  | { state: 'signed-out' }
  | { state: 'failed'; failure: RequestFailure }
  | { state: 'signed-in'; session: Session };

export interface SessionControl {
  now: SessionState;
  /** Throws a `RequestFailure` when the token is wrong. */
  signIn: (token: string) => Promise<void>;
  signOut: () => Promise<void>;
  ask: () => void;
}

const Current = createContext<SessionControl | null>(null);

export function SessionProvider({ children }: { children: ReactNode }) {
  const [now, setNow] = useState<SessionState>({ state: 'asking' });
  const [question, setQuestion] = useState(() => new AbortController());
  useEffect(() => {
    getJson<Session>(paths.session, question.signal).then(
      (session) => setNow({ state: 'signed-in', session }),
      (error: unknown) => {
        if (isAbort(error)) return;
        const failure = error instanceof RequestFailure ? error : new RequestFailure(0, 'The answer of the sensor could not be read.');
        setNow(failure.status === 401 ? { state: 'signed-out' } : { state: 'failed', failure });
      },
    );
    const signedOut = () => setNow({ state: 'signed-out' });
    window.addEventListener(SIGNED_OUT, signedOut);
    return () => {
      question.abort();
      window.removeEventListener(SIGNED_OUT, signedOut);
    };
  }, [question]);
  const ask = useCallback(() => setQuestion(new AbortController()), []);
  const signIn = useCallback(
    async (token: string) => {
      await postJson(paths.session, { token });
      ask();
    },
    [ask],
  );
  const signOut = useCallback(async () => {
    await postJson(paths.session, undefined, 'DELETE');
    setNow({ state: 'signed-out' });
  }, []);
  const control = useMemo(() => ({ now, signIn, signOut, ask }), [now, signIn, signOut, ask]);
  return <Current value={control}>{children}</Current>;
}

export function useSession(): SessionControl {
  const control = use(Current);
  if (control === null) throw new Error('no SessionProvider above');
  return control;
}

export function useIsAdmin(): boolean {
  const { now } = useSession();
  return now.state === 'signed-in' && now.session.role === 'admin';
}
