/**
 * Entry of the encode workers: one batch in, one text per format out. The texts are copied back, not transferred: the
 * copy is a hundredth of the work, and a transfer would slow down every typed array of both threads from then on.
 */
import { encodeBatch } from './encode-batch.ts';

export default encodeBatch;
