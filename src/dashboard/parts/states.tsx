/** What a page shows while it has nothing, has nothing to show, or could not ask. */
import { Alert, Button, Skeleton } from '@mantine/core';
import type { ReactNode } from 'react';
import type { RequestFailure } from '../live/request.ts';
import type { Answer } from '../live/use-answer.ts';
import { testIds } from '../test-ids.ts';
import { visibleText } from '../text/visible.ts';

export function Loading({ lines = 4 }: { lines?: number }) {
  return (
    <div className="state" role="status" aria-label="Loading" data-testid={testIds.loading}>
      {Array.from({ length: lines }, (_, line) => `line ${line}`).map((line, at) => (
        <Skeleton key={line} height="0.9rem" mb="sm" width={`${90 - ((at * 17) % 40)}%`} />
      ))}
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="state state-empty" data-testid={testIds.empty}>
      <p className="state-title">{title}</p>
      {children !== undefined && <p>{children}</p>}
    </div>
  );
}

export function Failed({ failure, again }: { failure: RequestFailure; again?: () => void }) {
  return (
    <div className="state" data-testid={testIds.error}>
      <Alert color="red" variant="outline" title={visibleText(failure.message)} className="failure">
        {failure.hint !== null && <p>{visibleText(failure.hint)}</p>}
        {again !== undefined && (
          <Button size="xs" variant="default" onClick={again}>
            Ask again
          </Button>
        )}
      </Alert>
    </div>
  );
}

/** An answer in each of its states. An old value stays on show when a later question fails, with a line that says so. */
export function AnswerView<T>({ answer, lines, children }: { answer: Answer<T>; lines?: number; children: (value: T) => ReactNode }) {
  if (answer.value === null) {
    if (answer.failure !== null) return <Failed failure={answer.failure} again={answer.reload} />;
    return <Loading lines={lines ?? 4} />;
  }
  return (
    <>
      {answer.failure !== null && (
        <p className="stale" role="status">
          Not current: {visibleText(answer.failure.message)}
        </p>
      )}
      {children(answer.value)}
    </>
  );
}
