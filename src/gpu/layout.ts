/** Field types of a uniform struct, with WGSL's alignment and size in bytes. */
const FIELDS = {
  u32: { align: 4, size: 4, kind: "u" },
  i32: { align: 4, size: 4, kind: "i" },
  f32: { align: 4, size: 4, kind: "f" },
  vec2u: { align: 8, size: 8, kind: "u" },
  vec2i: { align: 8, size: 8, kind: "i" },
  vec2f: { align: 8, size: 8, kind: "f" },
  vec4u: { align: 16, size: 16, kind: "u" },
  vec4i: { align: 16, size: 16, kind: "i" },
  vec4f: { align: 16, size: 16, kind: "f" },
} as const;

export type FieldType = keyof typeof FIELDS;
export type FieldValue<T extends FieldType> = T extends "u32" | "i32" | "f32" ? number : readonly number[];
export type Fields = Readonly<Record<string, FieldType>>;
export type FieldValues<F extends Fields> = { readonly [K in keyof F]: FieldValue<F[K]> };

export interface Layout {
  readonly offsets: Readonly<Record<string, number>>;
  readonly size: number;
}

/** Byte offsets of a uniform struct's members by the rules of WGSL's section on memory layout. */
export function layoutOf(fields: Fields): Layout {
  const offsets: Record<string, number> = {};
  let offset = 0;
  let align = 4;
  for (const [name, type] of Object.entries(fields)) {
    const field = FIELDS[type];
    offset = Math.ceil(offset / field.align) * field.align;
    offsets[name] = offset;
    offset += field.size;
    align = Math.max(align, field.align);
  }
  return { offsets, size: Math.max(16, Math.ceil(offset / align) * align) };
}

/** Write a uniform struct's values into `target` at byte `start`; a missing or surplus field is a RangeError. */
export function pack(
  fields: Fields,
  layout: Layout,
  values: Readonly<Record<string, unknown>>,
  target: DataView,
  start: number,
): void {
  for (const name of Object.keys(values)) {
    if (!(name in fields)) throw new RangeError(`uniform has no field ${name}`);
  }
  for (const [name, type] of Object.entries(fields)) {
    const value = values[name];
    const { kind, size } = FIELDS[type];
    const numbers = typeof value === "number" ? [value] : (value as readonly number[] | undefined);
    if (numbers?.length !== size / 4)
      throw new RangeError(`uniform field ${name}: expected ${size / 4} numbers`);
    numbers.forEach((number, i) => {
      const at = start + layout.offsets[name] + 4 * i;
      if (kind === "f") target.setFloat32(at, number, true);
      else if (kind === "i") target.setInt32(at, number, true);
      else target.setUint32(at, number, true);
    });
  }
}
