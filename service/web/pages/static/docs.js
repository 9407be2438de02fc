// The description of the API, drawn by Swagger UI from this service's own document.
window.SwaggerUIBundle({ url: "/openapi.json", dom_id: "#api", deepLinking: true, validatorUrl: null });
