import { describe, expect, it } from "vitest";
import { Allocator, DeviceMemoryError, MOST_TEXELS, TEXEL_COLUMNS } from "../../src/gpu/index.js";

class FakeDevice {
  made = 0;
  destroyed = 0;
  createBuffer(): GPUBuffer {
    this.made++;
    return { destroy: () => this.destroyed++ } as unknown as GPUBuffer;
  }
  createTexture(): GPUTexture {
    this.made++;
    return { destroy: () => this.destroyed++ } as unknown as GPUTexture;
  }
}

describe("the allocator", () => {
  it("counts what is in use and the peak, and hands freed buffers out again", () => {
    const device = new FakeDevice();
    const memory = new Allocator(device, 1 << 20, 1 << 20);
    const a = memory.alloc("a", 1000);
    expect(a.size).toBe(1008);
    a.free();
    const b = memory.alloc("b", 1001);
    expect(device.made).toBe(1);
    const c = memory.alloc("c", 16);
    expect(memory.used).toBe(1024);
    b.free();
    c.free();
    expect(memory.used).toBe(0);
    expect(memory.peak).toBe(1024);
  });

  it("counts texels in whole rows, and keeps them apart from buffers", () => {
    const device = new FakeDevice();
    const row = 16 * TEXEL_COLUMNS;
    const memory = new Allocator(device, row, 4 * row);
    const texels = memory.texels("t", TEXEL_COLUMNS + 1);
    expect([texels.count, texels.size, memory.used]).toEqual([2 * TEXEL_COLUMNS, 2 * row, 2 * row]);
    texels.free();
    expect(() => texels.free()).toThrow(/freed twice/);
    expect(memory.texels("again", 2 * TEXEL_COLUMNS).count).toBe(2 * TEXEL_COLUMNS);
    expect(device.made).toBe(1);
    memory.alloc("b", row).free();
    memory.texels("one more", 1); // not the freed buffer
    expect(device.made).toBe(3);
    expect(() => memory.texels("more", 2 * TEXEL_COLUMNS)).toThrow(DeviceMemoryError);
    expect(() => memory.texels("most", MOST_TEXELS + 1)).toThrow(/do not fit a texture/);
  });

  it("drops idle buffers before it goes over the budget", () => {
    const device = new FakeDevice();
    const memory = new Allocator(device, 1 << 20, 2048);
    memory.alloc("a", 1024).free();
    memory.alloc("b", 2048);
    expect(device.destroyed).toBe(1);
    expect(memory.peak).toBe(2048);
  });

  it("serves a request from a freed buffer that is not much larger, the closest first", () => {
    const device = new FakeDevice();
    const memory = new Allocator(device, 1 << 20, 1 << 20);
    const freed = [1600, 1200, 3200].map((bytes) => memory.alloc("a", bytes));
    const [, closest] = freed;
    const { raw } = closest;
    for (const buffer of freed) buffer.free();
    const again = memory.alloc("b", 1100);
    expect(again.raw).toBe(raw);
    expect(again.size).toBe(1104);
    expect(memory.used).toBe(1200);
    memory.alloc("much smaller", 512);
    expect(device.made).toBe(4);
  });

  it("keeps idle what does not make more be held than was once in use, the latest freed", () => {
    const device = new FakeDevice();
    const memory = new Allocator(device, 1 << 20, 1 << 20);
    const old = memory.alloc("old", 1024);
    const late = memory.alloc("late", 2048);
    old.free();
    late.free();
    memory.alloc("other", 512);
    expect(device.destroyed).toBe(1);
    expect(memory.peak).toBe(3072);
    memory.alloc("late again", 2048);
    expect(device.made).toBe(3);
  });

  it("refuses what is beyond the budget or one binding, and names what is in use", () => {
    const memory = new Allocator(new FakeDevice(), 4096, 6000);
    memory.alloc("mosaic data", 4096);
    expect(() => memory.alloc("more", 2000)).toThrow(DeviceMemoryError);
    expect(() => memory.alloc("more", 2000)).toThrow(/mosaic data/);
    expect(() => memory.alloc("large", 5000)).toThrow(/binding/);
  });

  it("keeps storage and staging apart, and refuses a second free", () => {
    const device = new FakeDevice();
    const memory = new Allocator(device, 4096, 1 << 20);
    const a = memory.alloc("a", 64);
    a.free();
    memory.alloc("staging", 64, "readback");
    expect(device.made).toBe(2);
    expect(() => a.free()).toThrow(/twice/);
  });

  it("hands out parts of a buffer that begin where bindings may, and takes none back", () => {
    const memory = new Allocator(new FakeDevice(), 4096, 1 << 20);
    const buffer = memory.alloc("plane", 2000);
    const part = buffer.part(512, 1000).part(256, 250);
    expect([part.offset, part.size, part.raw]).toEqual([768, 252, buffer.raw]);
    expect(() => buffer.part(100, 8)).toThrow(RangeError);
    expect(() => buffer.part(1024, 1000)).toThrow(RangeError);
    expect(() => part.free()).toThrow(/part/);
    buffer.free();
  });
});
