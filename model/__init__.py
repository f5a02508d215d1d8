"""video-sentiment: emotion and sentiment analysis of video from text, voice and face."""
