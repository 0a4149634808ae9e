/** What libndpi's ids mean, in our words; each is looked up once. */
import type { NdpiFinding } from '../app/decide.ts';
import { NdpiLabels, ndpiCategory } from '../app/ndpi-names.ts';
import type { Detector } from '../native/dpi.ts';
import type { DpiVerdict } from './dpi-queue.ts';

export class NdpiNames {
  private readonly labels: NdpiLabels;
  private readonly categories = new Map<number, string>();
  private readonly detector: Detector;

  constructor(detector: Detector) {
    this.detector = detector;
    this.labels = new NdpiLabels(detector.protocols());
  }

  /** Null when libndpi does not know the flow either. */
  label({ master, app, category }: DpiVerdict): Omit<NdpiFinding, 'guessed'> | null {
    const label = this.labels.label(master, app);
    return label === null ? null : { ...label, category: this.category(category) };
  }

  private category(id: number): string {
    let name = this.categories.get(id);
    if (name === undefined) {
      name = ndpiCategory(this.detector.categoryName(id));
      this.categories.set(id, name);
    }
    return name;
  }
}
