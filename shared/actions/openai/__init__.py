"""What is done to Azure OpenAI."""
