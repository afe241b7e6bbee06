"""Google for Indox: Gemini through the generateContent API."""
