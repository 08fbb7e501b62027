// Addresses of pages.
export const toQueue = (name, state) => `#/queues/${encodeURIComponent(name)}${state ? `?state=${state}` : ''}`;
export const toDead = name => `#/queues/${encodeURIComponent(name)}/dead`;
export const toJob = id => `#/jobs/${encodeURIComponent(id)}`;
export const toSchedule = name => `#/schedules/${encodeURIComponent(name)}`;
