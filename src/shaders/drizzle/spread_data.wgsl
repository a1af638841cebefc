//!include drizzle/spread.wgsl
//!include drizzle/sink_data.wgsl
