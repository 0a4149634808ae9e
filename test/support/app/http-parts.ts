/** What dialogues in HTTP/1.x are put together from. */
import type { Sent } from './drive.ts';

export interface HttpFlow {
  name: string;
  port?: number;
  sent: readonly Sent[];
}

export const head = (...lines: string[]) => `${lines.join('\r\n')}\r\n\r\n`;
export const CHROME =
  'User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0 Safari/537.36';
export const FIREFOX = 'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0';
export const ACCEPT = 'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8';
export const DATE = 'Date: Thu, 09 Oct 2025 08:53:20 GMT';
export const NGINX = 'Server: nginx/1.24.0 (Ubuntu)';
export const HTML = '<!DOCTYPE html><html><head><title>Example</title></head><body><p>Hello</p></body></html>\n';
export const GZIP = `\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03${'\xb2\x05\x91x\x00'.repeat(30)}`;

export const browse = (target: string, ...more: string[]) =>
  head(
    `GET ${target} HTTP/1.1`,
    'Host: www.example.org',
    'Connection: keep-alive',
    'Upgrade-Insecure-Requests: 1',
    CHROME,
    ACCEPT,
    ...more,
  );
export const ok = (body: string, ...more: string[]) =>
  head('HTTP/1.1 200 OK', NGINX, DATE, ...more, `Content-Length: ${body.length}`) + body;
export const chunks = (...texts: string[]) => `${texts.map((text) => `${text.length.toString(16)}\r\n${text}\r\n`).join('')}0\r\n\r\n`;
export const many = (count: number, exchange: (i: number) => readonly Sent[]): Sent[] =>
  Array.from({ length: count }, (_, i) => exchange(i)).flat();
