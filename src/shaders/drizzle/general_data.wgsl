//!include drizzle/general.wgsl
//!include drizzle/sink_data.wgsl
