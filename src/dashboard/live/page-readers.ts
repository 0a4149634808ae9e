/** The lists of the API that come in pages. */
import type { Alert, AlertPage, Device, DevicePage, Flow, FlowPage } from '../../api/contract.ts';
import { getJson } from './request.ts';
import type { PageReader } from './use-pages.ts';

export const readDevices: PageReader<Device> = async (path, signal) => {
  const { devices, next } = await getJson<DevicePage>(path, signal);
  return { rows: devices, next };
};

export const readFlows: PageReader<Flow> = async (path, signal) => {
  const { flows, next } = await getJson<FlowPage>(path, signal);
  return { rows: flows, next };
};

export const readAlerts: PageReader<Alert> = async (path, signal) => {
  const { alerts, next } = await getJson<AlertPage>(path, signal);
  return { rows: alerts, next };
};
