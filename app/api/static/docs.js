"use strict";

// Swagger UI has a dark look of its own for `html.dark-mode`; follow the system's choice, also while the page is open.
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();

SwaggerUIBundle({
  dom_id: "#docs",
  url: "openapi.json",
  validatorUrl: null, // by default it sends the document to another host
  deepLinking: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
});
