import { bind } from "./figures.js";
import "./frame.js";

bind();
