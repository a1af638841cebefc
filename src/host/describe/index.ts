export { type InfoOptions, describeRoman } from "./roman_info.js";
