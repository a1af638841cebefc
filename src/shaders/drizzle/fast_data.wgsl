//!include drizzle/fast.wgsl
//!include drizzle/sink_data.wgsl
