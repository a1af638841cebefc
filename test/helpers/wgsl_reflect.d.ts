declare module "wgsl_reflect/wgsl_reflect.module.js" {
  export interface MemberInfo {
    name: string;
    offset: number;
    size: number;
  }
  export interface VariableInfo {
    name: string;
    size: number;
    members?: MemberInfo[];
  }
  export interface NamedInfo {
    name: string;
  }
  export class WgslReflect {
    constructor(code: string);
    getBindGroups(): (VariableInfo | undefined)[][];
    entry: { compute: NamedInfo[] };
    overrides: NamedInfo[];
  }
}
