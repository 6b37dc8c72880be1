"use strict";

// /openapi.json in Swagger UI (service/web/swagger-ui.LICENSE), in the colours that the reader's system prefers.
const dark = matchMedia("(prefers-color-scheme: dark)");
const paint = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", paint);
paint();

SwaggerUIBundle({
  url: "/openapi.json", dom_id: "#document", validatorUrl: null, deepLinking: true, docExpansion: "list",
  defaultModelsExpandDepth: 0, displayRequestDuration: true, persistAuthorization: false,
});
