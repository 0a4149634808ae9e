import { defineRule } from '../rule.ts';

export const clockStep = defineRule({
  kind: 'clock_step',
  title: "The capture's clock went back",
  description:
    'Packets are a second or more behind those before them: the clock was set, or captures were joined out of order. Such ' +
    'packets count at the time that was reached, so windows of other rules are longer than they say.',
  severity: 'info',
  confidence: 1,
  mitre: [],
  enabled: true,
  cooldownSecs: 3600,
  decides: null,
  settings: {
    steps: { value: 1, least: 1, most: 1e9, unit: 'packets', description: 'Packets a second or more behind, within one tick' },
  },
  create(context) {
    const { settings } = context;
    return {
      tick({ at, clockSteps }) {
        if (clockSteps < settings.steps) return;
        context.raise({
          at,
          firstAt: at,
          source: null,
          target: null,
          key: 'clock',
          observed: { steps: clockSteps },
          threshold: { steps: settings.steps },
          windowSecs: 0,
          description: `The capture's clock went back: ${clockSteps} packets are a second or more behind`,
          flows: [],
        });
      },
    };
  },
});
