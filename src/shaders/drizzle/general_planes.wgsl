//!include drizzle/general.wgsl
//!include drizzle/sink_planes.wgsl
