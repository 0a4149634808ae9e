/** Text that came from the network: isolated, cut with an ellipsis, whole on hover. */
import { visibleText } from '../text/visible.ts';

export function Name({ text, mono = false }: { text: string; mono?: boolean }) {
  const shown = visibleText(text);
  return (
    <bdi className={mono ? 'name mono' : 'name'} title={shown}>
      {shown}
    </bdi>
  );
}
