import { type DeviceKind, findAdapter, listAdapters } from "../gpu/index.js";

const WHY: Readonly<Record<DeviceKind, string>> = {
  hardware: "a GPU: fastest",
  lavapipe: "Mesa's software driver: several times faster than SwiftShader",
  swiftshader:
    "software driver that the npm package @sparticuz/chromium brings: runs anywhere on x86-64 Linux",
};
const ADVICE: Readonly<Record<DeviceKind, string>> = {
  hardware:
    "a GPU with a Vulkan driver (on Linux: its ICD json in /usr/share/vulkan/icd.d or in VK_DRIVER_FILES)",
  lavapipe: "Mesa's lavapipe, 24 or newer (Debian, Ubuntu: apt install mesa-vulkan-drivers)",
  swiftshader: "npm install @sparticuz/chromium",
};

/** Each kind of device with the adapter found for it, which one runs and what would be faster. */
export async function describeDevices(): Promise<string> {
  const list = await listAdapters();
  const chosen = list.find(({ found }) => found !== undefined)?.kind;
  const lines = list.map(({ kind, found }) => {
    const mark = kind === chosen ? "*" : " ";
    if (!found) return `${mark} ${kind.padEnd(12)} not found`;
    const { device, description, vendor } = found.adapter.info;
    const name = [device, description].filter(Boolean).join(", ") || vendor;
    const limit = found.adapter.limits.maxStorageBufferBindingSize / 2 ** 20;
    return `${mark} ${kind.padEnd(12)} ${name}; bindings up to ${Math.floor(limit)} MiB`;
  });
  if (chosen === undefined) {
    await findAdapter("auto");
    return lines.join("\n");
  }
  lines.push("", `"--device auto" runs on ${chosen}: ${WHY[chosen]}.`);
  const faster = list.slice(
    0,
    list.findIndex(({ kind }) => kind === chosen),
  );
  for (const { kind } of faster) lines.push(`Faster would be ${ADVICE[kind]}.`);
  return lines.join("\n");
}
