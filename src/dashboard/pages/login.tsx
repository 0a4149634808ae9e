import { Button, PasswordInput } from '@mantine/core';
import { type FormEvent, useEffect, useState } from 'react';
import { RequestFailure } from '../live/request.ts';
import { useSession } from '../live/session.tsx';
import { testIds } from '../test-ids.ts';
import { visibleText } from '../text/visible.ts';

function failureText(error: unknown): string {
  if (!(error instanceof RequestFailure)) return 'The answer of the sensor could not be read.';
  if (error.status === 401) return 'The sensor does not know this token.';
  return visibleText(error.message);
}

export function LoginPage() {
  const { signIn } = useSession();
  const [token, setToken] = useState('');
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  useEffect(() => {
    document.title = 'Sign in · Weir';
  }, []);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (token.trim() === '' || busy) return;
    setBusy(true);
    setFailure(null);
    signIn(token.trim())
      .catch((error: unknown) => setFailure(failureText(error)))
      .finally(() => setBusy(false));
  };
  return (
    <main className="login">
      <form className="panel login-form" onSubmit={submit}>
        <h1>Weir</h1>
        <PasswordInput
          label="Token"
          description="The administrator of this sensor has it. It stays in a cookie of this browser until you sign out."
          autoComplete="current-password"
          data-testid={testIds.loginToken}
          value={token}
          error={failure}
          maxLength={1024}
          visibilityToggleButtonProps={{ 'aria-label': 'Show the token', tabIndex: 0, 'aria-hidden': false }}
          onChange={(event) => setToken(event.currentTarget.value)}
        />
        <Button type="submit" fullWidth mt="md" loading={busy} disabled={token.trim() === ''} data-testid={testIds.loginSubmit}>
          Sign in
        </Button>
      </form>
    </main>
  );
}
