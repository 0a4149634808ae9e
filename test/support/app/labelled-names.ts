/**
 * Names of which it is known who made them. Machine-made ones come from the families of published generators, as far as
 * their shape goes: letters drawn evenly, letters and digits, hexadecimal, pronounceable syllables, words put together.
 * Those of people are registered names of many languages and trades.
 */

/** Numbers below 2^32 from a seed (xorshift, Marsaglia 2003). */
function* draws(seed: number): Generator<number> {
  for (let state = seed | 1; ; ) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    yield state >>> 0;
  }
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const TREES = ['com', 'net', 'org', 'info', 'biz', 'ru', 'cn', 'co.uk'];
const WORDS =
  'above after bring carry early every field first heard house large light money mother never order paper people plant point ready river short sound stand state still table tree under water while world young'.split(
    ' ',
  );

interface Family {
  readonly name: string;
  readonly make: (draw: (below: number) => number) => string;
}

const letters = (draw: (below: number) => number, length: number, of: string): string =>
  Array.from({ length }, () => of[draw(of.length)]).join('');

export const FAMILIES: readonly Family[] = [
  { name: 'letters, 8 to 11', make: (draw) => letters(draw, 8 + draw(4), LETTERS) },
  { name: 'letters, 12 to 18', make: (draw) => letters(draw, 12 + draw(7), LETTERS) },
  { name: 'letters and digits', make: (draw) => letters(draw, 12 + draw(10), `${LETTERS}0123456789`) },
  { name: 'hexadecimal', make: (draw) => letters(draw, 16, '0123456789abcdef') },
  {
    name: 'syllables',
    make: (draw) => Array.from({ length: 4 + draw(2) }, () => letters(draw, 1, 'bcdfghklmnprstvz') + letters(draw, 1, 'aeiou')).join(''),
  },
  { name: 'words', make: (draw) => WORDS[draw(WORDS.length)] + WORDS[draw(WORDS.length)] },
];

/** `count` names of a family. */
export function machineNames({ make }: Family, count: number, seed: number): string[] {
  const numbers = draws(seed);
  const draw = (below: number): number => (numbers.next().value as number) % below;
  return Array.from({ length: count }, () => `${make(draw)}.${TREES[draw(TREES.length)]}`);
}

export const PEOPLES_NAMES: readonly string[] = `
google.com youtube.com facebook.com wikipedia.org amazon.com twitter.com instagram.com linkedin.com reddit.com netflix.com
microsoft.com office.com live.com bing.com apple.com icloud.com yahoo.com ebay.com paypal.com dropbox.com github.com gitlab.com
stackoverflow.com stackexchange.com mozilla.org debian.org ubuntu.com kernel.org python.org nodejs.org npmjs.com docker.com
cloudflare.com akamai.net fastly.net digitalocean.com heroku.com salesforce.com oracle.com ibm.com intel.com nvidia.com amd.com
samsung.com sony.com nintendo.com steampowered.com twitch.tv discord.com spotify.com soundcloud.com vimeo.com tiktok.com
whatsapp.com telegram.org signal.org zoom.us slack.com atlassian.com trello.com notion.so figma.com adobe.com canva.com
wordpress.com wordpress.org blogger.com medium.com tumblr.com pinterest.com quora.com imdb.com rottentomatoes.com goodreads.com
nytimes.com washingtonpost.com theguardian.com bbc.co.uk cnn.com reuters.com bloomberg.com forbes.com economist.com
spiegel.de zeit.de faz.net sueddeutsche.de tagesschau.de bundesregierung.de bahn.de sparkasse.de volksbank.de telekom.de
lemonde.fr lefigaro.fr liberation.fr orange.fr sncf-connect.com leboncoin.fr cdiscount.com corriere.it repubblica.it gazzetta.it
elpais.com elmundo.es marca.com mercadolibre.com.ar uol.com.br globo.com folha.uol.com.br publico.pt sapo.pt
nrk.no vg.no aftenposten.no svt.se aftonbladet.se dn.se yle.fi helsinginsanomat.fi dr.dk politiken.dk
onet.pl wp.pl allegro.pl gazeta.pl rzeczpospolita.pl seznam.cz idnes.cz novinky.cz index.hu origo.hu
yandex.ru mail.ru vkontakte.ru gosuslugi.ru rambler.ru lenta.ru ukr.net rozetka.com.ua pravda.com.ua
baidu.com taobao.com tmall.com jd.com weibo.com alibaba.com aliexpress.com sohu.com sina.com.cn zhihu.com
rakuten.co.jp yahoo.co.jp nicovideo.jp asahi.com yomiuri.co.jp naver.com daum.net coupang.com kakao.com
flipkart.com indiatimes.com hindustantimes.com ndtv.com jagran.com irctc.co.in thehindu.com
booking.com airbnb.com expedia.com tripadvisor.com skyscanner.net kayak.com ryanair.com lufthansa.com airfrance.fr klm.nl
chase.com bankofamerica.com wellsfargo.com citibank.com hsbc.co.uk barclays.co.uk santander.es deutsche-bank.de bnpparibas.fr
walmart.com target.com bestbuy.com homedepot.com lowes.com costco.com ikea.com zalando.de otto.de mediamarkt.de
harvard.edu stanford.edu mit.edu berkeley.edu ox.ac.uk cam.ac.uk ethz.ch tum.de sorbonne-universite.fr
nasa.gov nih.gov cdc.gov usps.com fedex.com ups.com dhl.de europa.eu un.org who.int worldbank.org
doubleclick.net googlesyndication.com googletagmanager.com gstatic.com googleapis.com scorecardresearch.com quantserve.com
adnxs.com rubiconproject.com pubmatic.com criteo.com taboola.com outbrain.com hotjar.com mixpanel.com newrelic.com
msftncsi.com windowsupdate.com trafficmanager.net cloudfront.net azureedge.net fbcdn.net ytimg.com twimg.com licdn.com
schwarzwaldmilch.de rechtsanwaltskammer.de krankenversicherung.de donaudampfschifffahrt.at przedsiebiorstwo.pl
hrvatskitelekom.hr krzysztofkrawczyk.pl tzv.de bmwgroup.com hbomax.com mtv.com nbc.com xkcd.com php.net gnu.org w3.org ietf.org
`
  .trim()
  .split(/\s+/);
