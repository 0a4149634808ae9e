/** Flows with an end on the sensor's host, and how many of them have a process. */
export interface ProcessCounts {
  flows: number;
  /** Of those, with a process. */
  named: number;
  /** Beyond those, nobody looked at them: more began than could be looked at. */
  dropped: number;
}
