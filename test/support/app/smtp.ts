/** Dialogues of mail servers and their clients, in clear, as real programs hold them. */
import { CLIENT, SERVER } from '../../../src/app/dissector.ts';
import type { Sent } from './drive.ts';

const s = (text: string): Sent => [SERVER, text];
const c = (text: string): Sent => [CLIENT, text];

const POSTFIX_HELLO =
  '250-mx1.example.com\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n250-ETRN\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-DSN\r\n250-SMTPUTF8\r\n250 CHUNKING\r\n';
const BODY =
  'Received: from mail.example.net\r\nFrom: Alice <alice@example.net>\r\nTo: bob@example.com\r\nSubject: Gr\xc3\xbc\xc3\x9fe\r\n\r\nRCPT TO:<nobody@example.org>\r\nHello Bob\r\n.\r\n';

export const smtpDialogues = {
  postfix: [
    s('220 mx1.example.com ESMTP Postfix (Debian/GNU)\r\n'),
    c('EHLO mail.example.net\r\n'),
    s(POSTFIX_HELLO),
    c('MAIL FROM:<alice@example.net> SIZE=1234\r\n'),
    s('250 2.1.0 Ok\r\n'),
    c('RCPT TO:<bob@example.com>\r\n'),
    s('250 2.1.5 Ok\r\n'),
    c('DATA\r\n'),
    s('354 End data with <CR><LF>.<CR><LF>\r\n'),
    c(BODY),
    s('250 2.0.0 Ok: queued as 4F1A2B3C\r\n'),
    c('QUIT\r\n'),
    s('221 2.0.0 Bye\r\n'),
  ],
  pipelined: [
    s('220 mx1.example.com ESMTP Postfix\r\n'),
    c('EHLO [192.0.2.7]\r\n'),
    s(POSTFIX_HELLO),
    c('MAIL FROM:<>\r\nRCPT TO:<a@example.com> NOTIFY=NEVER\r\nRCPT TO: b@example.com\r\nDATA\r\n'),
    s(
      '250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n550 5.1.1 <b@example.com>: Recipient address rejected: "unknown"\r\n354 End data with <CR><LF>.<CR><LF>\r\n',
    ),
    c(BODY),
  ],
  /** Each reply comes alone, though the commands came together. */
  slowReplies: [
    s('220 mx1.example.com ESMTP Postfix\r\n'),
    c('EHLO client\r\n'),
    s(POSTFIX_HELLO),
    c('MAIL FROM:<a@example.net>\r\nRCPT TO:<a@example.com>\r\nDATA\r\n'),
    s('250 2.1.0 Ok\r\n'),
    s('250 2.1.5 Ok\r\n'),
    s('354 Go\r\n'),
    c(BODY),
  ],
  exchange: [
    s('220 AM5EUR03FT012.mail.protection.outlook.com Microsoft ESMTP MAIL Service ready at Mon, 6 Oct 2025 10:00:00 +0000\r\n'),
    c('EHLO SENDER.example.net\r\n'),
    s('250-AM5EUR03FT012.mail.protection.outlook.com Hello [192.0.2.7]\r\n250-SIZE 157286400\r\n250-CHUNKING\r\n250 SMTPUTF8\r\n'),
    c('MAIL FROM:<a@example.net>\r\n'),
    s('250 2.1.0 Sender OK\r\n'),
    c('RCPT TO:<b@example.com>\r\n'),
    s('250 2.1.5 Recipient OK\r\n'),
    c('BDAT 24 LAST\r\nSubject: x\r\n\r\nHello Bob\r\n'),
    s('250 2.6.0 Queued mail for delivery\r\n'),
    c('QUIT\r\n'),
  ],
  sendmail: [
    s('220-old.example.org ESMTP Sendmail 8.14.4/8.14.4; Tue, 7 Oct 2025 12:00:00 GMT\r\n220-No spam\r\n220 please\r\n'),
    c('HELO spammer\r\n'),
    s('250 old.example.org Hello [203.0.113.9], pleased to meet you\r\n'),
    c('mail from:<a@b.example>\r\n'),
    s('451 4.7.1 Greylisting in action, please come back later\r\n'),
    c('RSET\r\n'),
    s('250 2.0.0 Reset state\r\n'),
    c('QUIT\r\n'),
    s('221 2.0.0 old.example.org closing connection\r\n'),
  ],
  /** A transfer that is refused, then another one; a greeting of which nobody knows whose it is. */
  refused: [
    s('220 GATE.example.org ready\n'),
    c('ehlo client.example.net\n'),
    s('500 what?\n'),
    c('HELO client.example.net\n'),
    s('250\n'),
    c('MAIL FROM:a@example.net\n'),
    s('250 ok\n'),
    c('DATA\n'),
    s('503-No recipients\n503 really\n'),
    c('RCPT TO:<>\n'),
    s('250 ok\n'),
    c('NOOP\nDATA\n'),
    s('250 ok\n354 go\n'),
  ],
  noTls: [
    s('220 relay.example.com ESMTP Exim 4.96 Mon, 06 Oct 2025 10:00:00 +0000\r\n'),
    c('EHLO scanner\r\n'),
    s('250-relay.example.com Hello scanner [192.0.2.1]\r\n250-SIZE 52428800\r\n250 HELP\r\n'),
    c('STARTTLS\r\n'),
    s('454 4.7.0 TLS not available\r\n'),
    c('VRFY root\r\n'),
    s('252 2.0.0 root\r\n'),
    c('QUIT\r\n'),
    s('221 relay.example.com closing connection\r\n'),
  ],
  manyRecipients: [
    s('220 list.example.com ESMTP\r\n'),
    c('EHLO news\r\n'),
    s('250 list.example.com\r\n'),
    c(`MAIL FROM:<news@example.com>\r\n${Array.from({ length: 11 }, (_, i) => `RCPT TO:<reader-${i}@example.net>\r\n`).join('')}DATA\r\n`),
    s(`${'250 ok\r\n'.repeat(12)}354 go\r\n`),
  ],
  clientFirst: [
    c('EHLO mail.example.net\r\n'),
    s('220 mx1.example.com ESMTP Postfix\r\n'),
    s(POSTFIX_HELLO),
    c('MAIL FROM:<alice@example.net>\r\n'),
    s('250 2.1.0 Ok\r\n'),
  ],
  quit: [s('220 mx1.example.com ESMTP Postfix\r\n'), c('QUIT\r\n'), s('221 2.0.0 Bye\r\n')],
  greeting: [s('220 smtp.example.com ready\r\n')],
  turnedAway: [
    s('554 5.7.1 mx1.example.com ESMTP not accepting messages\r\n'),
    c('EHLO a\r\n'),
    s('554 5.7.1 go away\r\n'),
    c('QUIT\r\n'),
    s('221 bye\r\n'),
  ],
} as const satisfies Record<string, readonly Sent[]>;
