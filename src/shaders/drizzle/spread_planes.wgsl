//!include drizzle/spread.wgsl
//!include drizzle/sink_planes.wgsl
