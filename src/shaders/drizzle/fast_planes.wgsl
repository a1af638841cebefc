//!include drizzle/fast.wgsl
//!include drizzle/sink_planes.wgsl
